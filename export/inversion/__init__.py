"""Find the latents of given pictures: the inverse of a generator, without gradients, torch or Qt.

`live` follows one picture while it changes, `batch` inverts many pictures at once. Both run the generator only through
a function of latents and class weights, so that a caller decides where and when it runs.
"""

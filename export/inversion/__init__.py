"""Find the latents of given pictures: the inverse of a generator, without gradients, torch or Qt.

`live` follows one picture while it changes, and `batch` inverts many pictures at once. `clay` shapes a picture that the
generator made, and `neighbours` finds the directions in which such a picture changes most. All of them run the
generator only through a function of latents and class weights, so that a caller decides where and when it runs.
"""

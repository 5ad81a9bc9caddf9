"""The operators that a generator may consist of: standard, without state, control flow or chance.

Random noise is left out on purpose: the same seed has to make the same picture. So are operators whose output's shape
depends on the latents' values (NonZero, TopK and the like), that write to computed places, or that recur.
"""

from __future__ import annotations

ACTIVATIONS = """Celu Clip Elu Erf Gelu HardSigmoid HardSwish LeakyRelu LogSoftmax Mish PRelu Relu Selu Sigmoid Softmax
    Softplus Softsign Swish Tanh ThresholdedRelu"""
ARITHMETIC = """Abs Add And Cast CastLike Ceil Cos Div Equal Exp Floor Greater GreaterOrEqual Identity Less LessOrEqual
    Log Max Mean Min Mul Neg Not Or Pow Reciprocal Round Sign Sin Sqrt Sub Sum Where"""
LAYERS = """AveragePool BatchNormalization Conv ConvTranspose DepthToSpace Gemm GlobalAveragePool GlobalMaxPool
    GroupNormalization InstanceNormalization LayerNormalization LpNormalization MatMul MaxPool
    MeanVarianceNormalization RMSNormalization Resize SpaceToDepth Upsample"""
REDUCTIONS = """ArgMax ReduceL1 ReduceL2 ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
    ReduceSumSquare"""
SHAPES = """Concat Constant ConstantOfShape Expand Flatten Gather OneHot Pad Range Reshape Shape Size Slice Split
    Squeeze Tile Transpose Unsqueeze"""
ALLOWED = frozenset(" ".join((ACTIVATIONS, ARITHMETIC, LAYERS, REDUCTIONS, SHAPES)).split())

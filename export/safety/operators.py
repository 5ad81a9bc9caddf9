"""The operators that a generator may use: standard ones without state, control flow or randomness.

Random operators are left out on purpose, because the same seed must give the same image. So are operators whose output
shape depends on values (NonZero, TopK and the like), and recurrent ones.
"""

from __future__ import annotations

ACTIVATIONS = """Celu Clip Elu Erf Gelu HardSigmoid HardSwish LeakyRelu LogSoftmax Mish PRelu Relu Selu Sigmoid Softmax
    Softplus Softsign Swish Tanh ThresholdedRelu"""
ARITHMETIC = """Abs Add And Cast CastLike Ceil Cos Div Equal Exp Floor Greater GreaterOrEqual Identity Less LessOrEqual
    Log Max Mean Min Mul Neg Not Or Pow Reciprocal Round Sign Sin Sqrt Sub Sum Where"""
LAYERS = """AveragePool BatchNormalization Conv ConvTranspose DepthToSpace Dropout Gemm GlobalAveragePool GlobalMaxPool
    GroupNormalization InstanceNormalization LayerNormalization LpNormalization MatMul MaxPool
    MeanVarianceNormalization RMSNormalization Resize SpaceToDepth Upsample"""
QUANTIZED = """ConvInteger DequantizeLinear DynamicQuantizeLinear MatMulInteger QLinearConv QLinearMatMul
    QuantizeLinear"""
REDUCTIONS = """ArgMax ReduceL1 ReduceL2 ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
    ReduceSumSquare"""
SHAPES = """Concat Constant ConstantOfShape Expand Flatten Gather OneHot Pad Range Reshape ScatterElements ScatterND
    Shape Size Slice Split Squeeze Tile Transpose Unsqueeze"""
ALLOWED = frozenset(" ".join((ACTIVATIONS, ARITHMETIC, LAYERS, QUANTIZED, REDUCTIONS, SHAPES)).split())
RANDOM = ("Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")

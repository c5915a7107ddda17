"""Schemas of the messages of an ONNX file (onnx/onnx.proto): numbers, names and kinds of the fields that are used.

Subgraphs (field ``g`` of an attribute) stay bytes until a branch is taken. So messages nest five levels deep, whatever a file
contains.
"""

from __future__ import annotations

from .wire import Field, Schema

ENTRY: Schema = {1: Field("key", "text"), 2: Field("value", "text")}

TENSOR: Schema = {
    1: Field("dims", "int", many=True),
    2: Field("data_type", "int"),
    3: Field("segment", "bytes"),
    4: Field("float_data", "float", many=True),
    5: Field("int32_data", "int", many=True),
    6: Field("string_data", "bytes", many=True),
    7: Field("int64_data", "int", many=True),
    8: Field("name", "text"),
    9: Field("raw_data", "bytes"),
    10: Field("double_data", "double", many=True),
    11: Field("uint64_data", "int", many=True),
    13: Field("external_data", "message", many=True, schema=ENTRY),
    14: Field("data_location", "int"),
}

ATTRIBUTE: Schema = {
    1: Field("name", "text"),
    2: Field("f", "float"),
    3: Field("i", "int"),
    4: Field("s", "bytes"),
    5: Field("t", "message", schema=TENSOR),
    6: Field("g", "bytes"),
    7: Field("floats", "float", many=True),
    8: Field("ints", "int", many=True),
    9: Field("strings", "bytes", many=True),
    20: Field("type", "int"),
    21: Field("ref_attr_name", "text"),
}

NODE: Schema = {
    1: Field("input", "text", many=True),
    2: Field("output", "text", many=True),
    3: Field("name", "text"),
    4: Field("op_type", "text"),
    5: Field("attribute", "message", many=True, schema=ATTRIBUTE),
    7: Field("domain", "text"),
}

DIMENSION: Schema = {1: Field("dim_value", "int"), 2: Field("dim_param", "text")}
SHAPE: Schema = {1: Field("dim", "message", many=True, schema=DIMENSION)}
TENSOR_TYPE: Schema = {1: Field("elem_type", "int"), 2: Field("shape", "message", schema=SHAPE)}
TYPE: Schema = {1: Field("tensor_type", "message", schema=TENSOR_TYPE)}
VALUE: Schema = {1: Field("name", "text"), 2: Field("type", "message", schema=TYPE)}

GRAPH: Schema = {
    1: Field("node", "message", many=True, schema=NODE),
    2: Field("name", "text"),
    5: Field("initializer", "message", many=True, schema=TENSOR),
    11: Field("input", "message", many=True, schema=VALUE),
    12: Field("output", "message", many=True, schema=VALUE),
    15: Field("sparse_initializer", "bytes", many=True),
}

OPSET: Schema = {1: Field("domain", "text"), 2: Field("version", "int")}

MODEL: Schema = {
    1: Field("ir_version", "int"),
    2: Field("producer_name", "text"),
    3: Field("producer_version", "text"),
    7: Field("graph", "message", schema=GRAPH),
    8: Field("opset_import", "message", many=True, schema=OPSET),
}

#: The types of attributes, and the field that holds the value of each.
ATTRIBUTE_TYPES = {1: "f", 2: "i", 3: "s", 4: "t", 5: "g", 6: "floats", 7: "ints", 8: "strings"}

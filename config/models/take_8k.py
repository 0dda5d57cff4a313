"""Takes the 8 kHz half out of Silero VAD's model: python3 take_8k.py WHEEL (needs the package onnx).

WHEEL is silero_vad-6.2.3-py3-none-any.whl. Its model asks `sr` which of two networks to run; what is left here is
the one for 8 kHz, without the question.
"""

import sys
import zipfile

import onnx
from onnx import helper, shape_inference

MODEL = "silero_vad/data/silero_vad_op18_ifless.onnx"
LICENCE = "silero_vad-6.2.3.dist-info/licenses/LICENSE"


def branch_of_8k(graph):
    choice = next(node for node in graph.node if node.op_type == "If")
    branches = [attribute.g for attribute in choice.attribute]
    return next(b for b in branches if any("model_8k" in name for node in b.node for name in node.input))


def main(wheel):
    with zipfile.ZipFile(wheel) as archive:
        whole = onnx.load_from_string(archive.read(MODEL))
        licence = archive.read(LICENCE)
    branch = branch_of_8k(whole.graph)
    used = {name for node in branch.node for name in node.input}
    weights = [weight for weight in whole.graph.initializer if weight.name in used]
    renamed = dict(zip((output.name for output in branch.output), ("output", "stateN")))
    for node in branch.node:
        node.output[:] = [renamed.get(name, name) for name in node.output]
        node.doc_string = ""
        del node.metadata_props[:]
    floats = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        branch.node,
        "silero_vad_8k",
        [helper.make_tensor_value_info("input", floats, [1, 288]),
         helper.make_tensor_value_info("state", floats, [2, 1, 128])],
        [helper.make_tensor_value_info("output", floats, [1, 1]),
         helper.make_tensor_value_info("stateN", floats, [2, 1, 128])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=whole.opset_import, ir_version=8)
    onnx.checker.check_model(shape_inference.infer_shapes(model))
    onnx.save(model, "silero_vad_8k.onnx")
    with open("LICENSE-silero", "wb") as file:
        file.write(licence)


main(sys.argv[1])

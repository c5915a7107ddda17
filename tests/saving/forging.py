"""Changes to a good document and its tensors, as recipes: each is a function that changes both in place."""

GADGET = {"class_name": "Lambda", "config": {"function": "4wEAAAAAAAAAAAAAAAEAAAA=", "module": "os"}}
OS = {"module": "os", "class_name": "system", "config": {"command": "true"}}


def put(where, value):
    """Set ``where``, a path of keys and indices into the document; Ellipsis takes the key away."""

    def change(outer, tensors):
        *path, last = ("model", *where)
        node = outer
        for key in path:
            node = node[key]
        if value is ...:
            del node[last]
        else:
            node[last] = value

    return change


def layer(index, value):
    return put(("config", "layers", index), value)


def of_layer(index, key, value):
    return put(("config", "layers", index, "config", key), value)


def lstm(key, value):
    return of_layer(1, key, value)


def compiled(*path, to):
    return put(("compile", *path), to)


def optimizer(key, value):
    return compiled("optimizer", "config", key, to=value)


def tensor(name, make):
    """Replace a tensor by ``make`` of it; None takes it away."""

    def change(outer, tensors):
        tensor = make(tensors[name]) if name in tensors else make(None)
        tensors.pop(name, None)
        if tensor is not None:
            tensors[name] = tensor

    return change

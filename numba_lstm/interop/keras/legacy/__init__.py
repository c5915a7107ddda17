"""Legacy ``.h5`` files with a whole model: reader, writer, and the names of weights in them."""

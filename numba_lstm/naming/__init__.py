"""Names of objects and of the API: default names of layers, misspelled names, and names of Keras that are missing here."""

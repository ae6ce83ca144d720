"""One writer for each kind of object: data of `model` -> elements of the Configurator's XML."""

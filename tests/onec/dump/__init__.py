"""A validator of dumps in the Configurator's XML: what a platform would refuse at load, found without one."""

"""An infobase made from the shipped dump: data, users, forms on a client, the published web service."""

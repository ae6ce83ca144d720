"""SOAP that the exchange calls: the web services of the firm's 1C, with the bridge in its place.

The exchange's cabinet holds an address, a login and a password of 1C; the firm changes the address
and events are durable. What is said and how is somebody else's contract and never changes here
(docs/decisions/0009-as-1c.md).
"""

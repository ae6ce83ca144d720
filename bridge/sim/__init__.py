"""The fake exchange and the fake 1C, shipped: the offline test ground («Полигон»), the demo and the tests.

They imitate partners honestly and know nothing of our own server: real HTTP on loopback, XML read
with lxml, shapes and failures taken from the partners' manuals and from what was recorded of them.
"""

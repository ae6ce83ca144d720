"""A small strict interpreter of 1C's language: the shipped modules run in it, unmodified.

Test code. What it does not know raises `Unsupported`, never passes silently.
"""

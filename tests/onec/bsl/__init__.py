"""The language of 1C:Enterprise 8 as text: tokens, a strict parser, the tree."""

"""1C is called: the contracts an infobase publishes, and what its answers mean.

::

    vats, vatscalls   which operation an event calls for, and its parameters
    contract          what both do alike
    popups            when a ring deserves a card on the screen
    transport         one POST, with the login and a session of `sessions`
    envelope          the bytes of SOAP, there and back
    faults            1C's answer -> Delivered, Away, Faulted or Denied, by `words` and `pages`

Works without 1C's WSDL: many administrators never publish it. The contracts themselves lie in
`wsdl/onec/`, shaped as the platform writes them.
"""

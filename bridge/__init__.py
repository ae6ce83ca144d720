"""The VPBX-1C bridge: a cloud telephone exchange and 1C:Enterprise understand each other.

The roads, in file names::

    1C dials           web/soap      -> flows/make_call      -> vpbx/mobilon/client -> answer in Russian
    a call happens     web/hooks     -> vpbx/mobilon/hook    -> flows/take_event    -> store   (200 only after commit)
    1C is told         worker        -> flows/deliver        -> onec/vats           -> store   (in order, once 1C can hear)
    1C collects        web/soap      -> flows/collect        -> store
    who is calling?    web/callerid  -> flows/name_caller    -> onec/saying         -> answer in time, from memory if need be
    somebody looks     web/console   -> core/overview        -> store
    how did it end?    web/soap      -> flows/call_info      -> store, vpbx/mobilon/journal
    what was that day? web/soap      -> flows/call_journal   -> store, vpbx/mobilon/journal
    listen to it       web/records   -> vpbx/mobilon/records -> answer, by a signed link
    what was missed?   chores        -> flows/reconcile      -> vpbx/mobilon/journal -> store
"""

__version__ = "0.1.0"

"""XML that a partner wrote: read without entities, DTD and network, whoever it came from."""

from lxml import etree


def safe_parser(*, recover: bool = False) -> etree.XMLParser:
    """A parser for one document. `recover` goes on after errors: look at `error_log` then.

    A document with a DTD is read without it: refuse it by `getroottree().docinfo.internalDTD`.
    """
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=recover,
    )


def local_name(element: etree._Element) -> str:
    """The name without its namespace; "" for what is no element.

    `etree.QName` raises ValueError for a namespace with a brace, which XML allows.
    """
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""

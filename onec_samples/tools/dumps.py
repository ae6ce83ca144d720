"""Which files a dump consists of."""

from markup import Element, document
from model import Extension, ExternalProcessor
from writers.common_command import common_command
from writers.common_module import adopted_module, common_module
from writers.configuration import LANGUAGE, configuration, language
from writers.constant import constant
from writers.external_processor import external_processor
from writers.form import common_form, form_of_object, layout
from writers.information_register import information_register
from writers.parts import Dump
from writers.role import rights, role
from writers.scheduled_job import schedule, scheduled_job
from writers.subsystem import subsystem
from writers.web_service import web_service

Files = dict[str, bytes]
"""Path within the dump -> content."""

FOLDERS = {
    "Language": "Languages",
    "Subsystem": "Subsystems",
    "Role": "Roles",
    "CommonModule": "CommonModules",
    "WebService": "WebServices",
    "ScheduledJob": "ScheduledJobs",
    "CommonCommand": "CommonCommands",
    "Constant": "Constants",
    "CommonForm": "CommonForms",
    "InformationRegister": "InformationRegisters",
}
"""Kind -> folder, in the order in which the platform lists the kinds."""


def extension(one: Extension, version: str) -> Files:
    """The XML files of an extension in a format of the Configurator."""
    dump = Dump(owner=one.name, version=version)
    objects: dict[tuple[str, str], Element] = {
        ("Language", LANGUAGE): language(dump),
        **{("Subsystem", each.name): subsystem(dump, each) for each in one.subsystems},
        **{("Role", each.name): role(dump, each) for each in one.roles},
        **{("CommonModule", each.name): adopted_module(dump, each) for each in one.adopted_modules},
        **{("CommonModule", each.name): common_module(dump, each) for each in one.common_modules},
        **{("WebService", each.name): web_service(dump, each) for each in one.web_services},
        **{("ScheduledJob", each.name): scheduled_job(dump, each) for each in one.jobs},
        **{("CommonCommand", each.name): common_command(dump, each) for each in one.commands},
        **{("Constant", each.name): constant(dump, each) for each in one.constants},
        **{("CommonForm", each.name): common_form(dump, each) for each in one.forms},
        **{("InformationRegister", each.name): information_register(dump, each) for each in one.registers},
    }
    inner = {
        **{f"Roles/{each.name}/Ext/Rights.xml": rights(dump, each) for each in one.roles},
        **{f"ScheduledJobs/{each.name}/Ext/Schedule.xml": schedule(dump, each) for each in one.jobs},
        **{f"CommonForms/{each.name}/Ext/Form.xml": layout(dump, each) for each in one.forms},
    }
    roots = {
        "Configuration.xml": configuration(dump, one, list(objects)),
        **{f"{FOLDERS[kind]}/{name}.xml": content for (kind, name), content in objects.items()},
    }
    return {
        **{path: document(dump.root(content)) for path, content in roots.items()},
        **{path: document(content) for path, content in inner.items()},
    }


def processor(one: ExternalProcessor, version: str) -> Files:
    """The XML files of an external data processor."""
    dump = Dump(owner=one.name, version=version)
    form = f"{one.name}/Forms/{one.form.name}"
    return {
        f"{one.name}.xml": document(dump.root(external_processor(dump, one))),
        f"{form}.xml": document(dump.root(form_of_object(dump, one.form))),
        f"{form}/Ext/Form.xml": document(layout(dump, one.form)),
    }

"""What a ticket is about, what it asks for, what threatens, and how well it was handled."""

from tasks.assessment.protocol import Analyst
from tasks.assessment.records import Assessment, Case, Check, History, Reason
from tasks.assessment.risks import ESCALATES_AT
from tasks.assessment.rulebook import packaged_rulebook
from tasks.assessment.rules import RulesAnalyst
from tasks.assessment.taxonomy import Taxonomy, Topic, packaged_taxonomy, parse_taxonomy

__all__ = [
    "ESCALATES_AT",
    "Analyst",
    "Assessment",
    "Case",
    "Check",
    "History",
    "Reason",
    "RulesAnalyst",
    "Taxonomy",
    "Topic",
    "packaged_rulebook",
    "packaged_taxonomy",
    "parse_taxonomy",
]

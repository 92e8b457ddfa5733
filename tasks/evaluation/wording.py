"""What figures are called where people read them, and which stand in which column."""

from collections.abc import Mapping

from warehouse.evaluations import Capability, Figure, Source

CAPABILITIES: Mapping[Capability, str] = {
    "sentiment": "sentiment of turns",
    "course": "sentiment of tickets",
    "procedures": "steps of procedures",
    "personal": "personal data",
    "transcribe": "transcripts",
    "alerts": "alerts that were answered",
}
SOURCES: Mapping[Source, str] = {
    "held_out": "held-out text",
    "labels": "people's labels",
    "sandbox": "the sandbox's truth",
    "tickets": "tickets as they are",
}
FIGURES: Mapping[Figure, str] = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "kappa": "κ",
    "quadratic_kappa": "quadratic κ",
    "calibration_error": "ECE",
    "csat_spearman": "ρ with CSAT",
    "precision": "precision",
    "recall": "recall",
    "violation_precision": "precision of violations",
    "violation_recall": "recall of violations",
    "quote_validity": "quotes that stand",
    "abstention": "unknown",
    "word_error_rate": "WER",
    "name_recall": "recall of names",
    "email_recall": "recall of e-mails",
    "phone_recall": "recall of phones",
    "card_recall": "recall of cards",
}

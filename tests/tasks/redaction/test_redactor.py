"""Redaction: what is personal goes, what is said stays, and inside everything comes back."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.redaction import Kind, Person, Redacted, Redactor

MARIA = Person(
    1, ("Maria Lopez-García",), ("maria.lopez@example.com",), ("+1 415 555 0134", "0049 30 901820")
)
WILL = Person(2, ("Will Young",))
WEISS = Person(3, ("Jürgen Weiß",), ("j.weiss@web.example",))
PEOPLE = (MARIA, WILL, WEISS)


def without_names(_text: str) -> list:
    """No model: what the rest does alone."""
    return []


def redacted(*texts: str) -> Redacted:
    return Redactor(PEOPLE, names=without_names).redact(texts)


@pytest.mark.parametrize(
    "spelling",
    [
        "Maria Lopez-García", "maria lopez-garcia", "MARIA", "Lopez", "García's", "garcia",
        "M. Lopez", "Lopez, Maria", "marialopez88", "maria.lopez", "maria.lopez@example.com",
        "MARIA.LOPEZ@EXAMPLE.COM", "(415) 555-0134", "415.555.0134", "5550134", "030 / 90 18 20",
    ],
)  # fmt: skip
def test_people_of_the_ticket_are_found_in_any_spelling(spelling: str) -> None:
    """Names in whole and in part, addresses, logins, numbers: all are the same person."""
    (text,) = redacted(f"It was sent to {spelling} yesterday.").texts
    assert text == "It was sent to [PERSON_1] yesterday."


@pytest.mark.parametrize("spelling", ["Jürgen Weiß", "Juergen Weiss", "Jurgen", "WEISS", "Weiß"])
def test_letters_with_marks_are_found_without_them(spelling: str) -> None:
    (text,) = redacted(f"Herr {spelling}, danke.").texts
    assert text == "Herr [PERSON_1], danke."


def test_a_name_that_is_a_word_is_one_only_with_a_capital() -> None:
    (text,) = redacted("I will wait. Did Will call? My young son asked.").texts
    assert text == "I will wait. Did [PERSON_1] call? My young son asked."


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("someone.else+tag@mail.example.co.uk", Kind.EMAIL),
        ("someone at example dot com", Kind.EMAIL),
        ("4111 1111 1111 1111", Kind.CARD),
        ("4111-1111-1111-1111", Kind.CARD),
        ("DE89 3704 0044 0532 0130 00", Kind.IBAN),
        ("GB29NWBK60161331926819", Kind.IBAN),
        ("+44 20 7946 0958", Kind.PHONE),
        ("(02) 9374 4000", Kind.PHONE),
        ("078-05-1120", Kind.PHONE),
        ("12345678901234567890", Kind.NUMBER),
        ("X12345678", Kind.NUMBER),
        ("1Z999AA10123456784", Kind.NUMBER),
        ("four one five five five five oh one three four", Kind.NUMBER),
        ("192.168.10.7", Kind.IP),
        ("2001:db8::7", Kind.IP),
        ("https://shop.example/reset?token=abc", Kind.URL),
        ("12 Elm Street", Kind.ADDRESS),
        ("12b St. John's Rd, apt. 4", Kind.ADDRESS),
        ("7 high street", Kind.ADDRESS),
        ("PO Box 118", Kind.ADDRESS),
        ("Hauptstraße 5", Kind.ADDRESS),
        ("Lange Str. 12", Kind.ADDRESS),
        ("Keizersgracht 100", Kind.ADDRESS),
        ("5 rue de la Paix", Kind.ADDRESS),
        ("Calle Mayor 12", Kind.ADDRESS),
        ("10115 Berlin", Kind.ADDRESS),
        ("SW1A 1AA", Kind.ADDRESS),
        ("Springfield IL 62704", Kind.ADDRESS),
        ("K-O-W-A-L", Kind.PERSON),
    ],
)  # fmt: skip
def test_what_has_a_form_goes(words: str, kind: Kind) -> None:
    """In the midst of a sentence, whole, and called by what it is."""
    done = redacted(f"please note: {words} for later")
    assert done.texts == (f"please note: [{kind}_1] for later",)
    assert done.restored(done.texts[0]) == f"please note: {words} for later"


@pytest.mark.parametrize(
    "words",
    [
        "It took 3 way calls and 2 days to close the 5 open tickets this way.",
        "On 2026-11-25 14:00 I paid 1,299.00 USD for order 44121 of 3 items.",
        "From 25.11.2026 on, 24/7, at 9:30.",
        "The error is 500, then 404, in version 12.4.",
        "Sign in at work, look at the dot, and go.",
        "We waited for 10 to 15 minutes. I am a U.S. citizen.",
    ],
)
def test_ordinary_words_and_numbers_stay(words: str) -> None:
    assert redacted(words).texts == (words,)


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("my pin is 4321.", "my pin is [CODE_1]"),
        ("Password: hunter2, thanks", "Password: [CODE_1], thanks"),
        ("born on 12/03/1984 in June", "born on [BIRTH_DATE_1] in June"),
        ("DOB March 3, 1990", "DOB [BIRTH_DATE_1]"),
        ("geboren am 3. März 1990", "geboren am [BIRTH_DATE_1]"),
    ],
)
def test_what_words_before_it_betray_goes(words: str, left: str) -> None:
    assert redacted(words).texts == (left,)


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("Dear Rosa Ximenes,\nit is done.", "Dear [PERSON_1],\nit is done."),
        ("Hi Rosa, hello again", "Hi [PERSON_1], hello again"),
        ("Hello again, hi there", "Hello again, hi there"),
        ("It is late.\n\nBest regards\nOlu Adeyemi", "It is late.\n\nBest regards\n[PERSON_1]"),
        ("It is late.\n\nRosa-Ana Çelik\n", "It is late.\n\n[PERSON_1]\n"),
        ("It is late.\n\nThanks", "It is late.\n\nThanks"),
        ("My name is olu, and you?", "My name is [PERSON_1], and you?"),
        ("Mrs. Ximenes called.", "Mrs. [PERSON_1] called."),
        ("Send it to Olu Adeyemi, 12 Elm Street", "Send it to [PERSON_1], [ADDRESS_1]"),
    ],
)
def test_names_are_told_by_where_they_stand(words: str, left: str) -> None:
    """Greeted, signed, introduced, before an address: nobody has to know them."""
    assert redacted(words).texts == (left,)


def test_a_name_that_one_text_tells_is_sought_in_all() -> None:
    """Also the one in an address; a word that is no name without a capital stays."""
    done = redacted(
        "Dear Rosa Fielding,", "Did Fielding pay? The fielding was good. Rosa?",
        "write to ursula.costa18@mail.example.com", "Ursula Costa",
    )  # fmt: skip
    assert done.texts[1] == "Did [PERSON_1] pay? The fielding was good. [PERSON_1]?"
    assert done.texts[3] in {"[PERSON_2]", "[PERSON_3]"}


def test_the_same_has_one_placeholder_in_all_texts_of_a_conversation() -> None:
    done = redacted("Call +44 20 7946 0958, ask for Maria.", "Lopez at +44 (20) 79460958?")
    assert done.texts == ("Call [PHONE_1], ask for [PERSON_1].", "[PERSON_1] at [PHONE_1]?")
    assert done.restored("[PERSON_1] called") == "Maria Lopez-García called"


def test_a_placeholder_that_a_text_brings_along_is_nobody() -> None:
    """Whoever writes [PERSON_1] into a ticket does not get a name in its place."""
    done = redacted("I am [PERSON_1], not Maria.")
    assert done.texts == ("I am [PERSON_1], not [PERSON_2].",)
    assert done.restored(done.texts[0]) == "I am [PERSON_1], not Maria Lopez-García."


def test_a_model_on_this_machine_finds_who_nobody_told_us_of() -> None:
    done = Redactor(PEOPLE).redact(["My colleague Priya Raghunathan and i, peter schmidt, agree."])
    assert "Priya" not in done.texts[0]
    assert "Raghunathan" not in done.texts[0]
    assert "schmidt" not in done.texts[0]
    assert done.restored(done.texts[0]).startswith("My colleague Priya Raghunathan and i,")


def test_reprs_hold_no_words() -> None:
    done = redacted("Maria")
    assert "aria" not in f"{done!r}{MARIA!r}{done.spans!r}"


PIECES = st.sampled_from(
    ["Maria", "Lopez", "4111 1111 1111 1111", "a@b.example", "[PERSON_1]", "12 Elm Street",
     " ", "ß", "will", "Will", ", ", "\n", "7 and 8", "É", "İ", "ǆ", "５５５０１３４",
     "\U0001f469\u200d\U0001f467", "\u202e"]
)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(st.lists(st.lists(PIECES | st.text(max_size=12)).map("".join), max_size=3))
def test_offsets_lead_back(texts: list[str]) -> None:
    """A stretch of a redacted text stands where it is said to stand in the original."""
    done = redacted(*texts)
    for number, (original, text) in enumerate(zip(texts, done.texts, strict=True)):
        assert done.original_span(number, 0, len(text)) == (0, len(original))
        ours = set(done.placeholders[number])
        for found in re.finditer(r"\[[A-Z_]+\d+\]|[^\[\]]+", text):
            start, end = done.original_span(number, *found.span())
            if found[0] in ours:
                assert (start, end) in {(one.start, one.end) for one in done.spans[number]}
            elif "[" not in found[0]:
                assert original[start:end] == found[0]


@pytest.mark.parametrize(
    "words",
    ["a" * 50_000, "1" * 50_000, "A-" * 25_000, "1 A" * 15_000, "a.b" * 15_000, "a: " * 15_000,
     "M-" * 25_000, "one " * 12_000, "DE89 " * 10_000, "a1" * 25_000, "12 Elm " * 7_000],
)  # fmt: skip
def test_a_text_made_to_keep_patterns_busy_gets_nowhere(words: str) -> None:
    """A pattern whose time grows with the square of a text would not end here."""
    assert redacted(words + "!").restored(redacted(words + "!").texts[0])

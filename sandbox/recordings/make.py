# ruff: noqa: S607 - a tool of the authors, run by hand on its own script
"""Makes the recordings: Debian's ``flite`` speaks, ``sox`` joins at telephone quality.

Needs ``flite`` and ``sox`` on the path. Run it only to change the dialogues of
``script.json``; the results are committed:

    python -m sandbox.recordings.make

Each clip is an 8 kHz mu-law WAV (one channel, 300 to 3,400 Hz), two voices in
dialogue; ``clips.json`` holds its duration, its sha256 and its exact transcript.
"""

import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
VOICES = {"agent": "slt", "customer": "rms"}
PAUSE_SECONDS = "0.15"


def speak(voice: str, text: str, target: Path) -> None:
    """Writes one sentence as 8 kHz speech with a pause after it."""
    raw = target.with_suffix(".raw.wav")
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(raw)], check=True)
    band = ["highpass", "300", "lowpass", "3400", "norm", "-3", "pad", "0", PAUSE_SECONDS]
    subprocess.run(["sox", "-D", str(raw), "-r", "8000", "-c", "1", str(target), *band], check=True)


def join(parts: list[Path], target: Path) -> None:
    """Writes the parts one after the other as 8-bit mu-law."""
    names = [str(part) for part in parts]
    subprocess.run(["sox", *names, "-e", "u-law", "-b", "8", str(target)], check=True)


def duration_of(clip: Path) -> float:
    """The clip's length in seconds."""
    told = subprocess.run(["soxi", "-D", str(clip)], check=True, capture_output=True, text=True)
    return round(float(told.stdout), 2)


def make_clip(name: str, turns: list[list[str]]) -> Path:
    """Writes ``<name>.wav`` beside this file and returns its path."""
    target = HERE / f"{name}.wav"
    with tempfile.TemporaryDirectory() as folder:
        parts = []
        for at, (speaker, text) in enumerate(turns):
            part = Path(folder) / f"{at}.wav"
            speak(VOICES[speaker], text, part)
            parts.append(part)
        join(parts, target)
    return target


def main() -> None:
    """Makes every clip of ``script.json`` and writes ``clips.json``."""
    script = json.loads((HERE / "script.json").read_text())
    clips = []
    for name, dialogue in script.items():
        clip = make_clip(name, dialogue["turns"])
        clips.append(
            {
                "name": name,
                "file": clip.name,
                "story": dialogue["story"],
                "identity_check": dialogue["identity_check"],
                "duration_seconds": duration_of(clip),
                "sha256": hashlib.sha256(clip.read_bytes()).hexdigest(),
                "turns": [{"speaker": who, "text": text} for who, text in dialogue["turns"]],
            }
        )
    (HERE / "clips.json").write_text(json.dumps(clips, indent=2) + "\n")


if __name__ == "__main__":
    main()

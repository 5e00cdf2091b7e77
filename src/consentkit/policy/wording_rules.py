"""Wordings that make a choice less free, as patterns in six languages, with what to write instead.

From the dark patterns that regulators name: 11 CCR 7004 (California), EDPB guidelines 03/2022 and 05/2020,
CNIL. A pattern
is looked for in the text in lower case with plain apostrophes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WordingRule:
    """One rule: the text `keys` (`group.key`) it looks at, what it looks for, and what to say."""

    keys: tuple[str, ...]
    pattern: re.Pattern[str]
    message: str
    #: Only a fault where silence is no.
    opt_in_only: bool = False

    def finds(self, text: str) -> bool:
        """Whether `text` breaks the rule."""
        return self.pattern.search(plain(text)) is not None


def plain(text: str) -> str:
    """`text` in lower case, with plain apostrophes and single spaces."""
    return " ".join(text.casefold().replace("’", "'").replace("\u00a0", " ").split())


def _whole(*phrases: str) -> re.Pattern[str]:
    return re.compile(r"^\W*(?:" + "|".join(phrases) + r")\W*$")


def _inside(*phrases: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(phrases) + r")(?!\w)")


_BUTTONS = ("banner.accept", "banner.reject", "banner.save", "banner.choose")
_PROSE = (
    "banner.title",
    "banner.description",
    "banner.description_opt_out",
    "preferences.title",
    "preferences.intro",
    "policy.intro",
)

WORDING_RULES = (
    WordingRule(
        ("banner.accept",),
        _whole(
            *("ok(?:ay)?", "got it!?", "continue", "i understand", "understood", "fine", "that's fine", "sure"),
            *("close", "dismiss", "next", "proceed", "great", "yes", "i'm happy", "sounds good", "hide", "thanks"),
            *("compris", "j'ai compris", "continuer", "d'accord", "fermer", "suivant", "poursuivre", "entendu"),
            *("verstanden", "alles klar", "weiter", "schliessen", "in ordnung", "fortfahren", "einverstanden"),
            *("entendido", "vale", "continuar", "de acuerdo", "cerrar", "aceptar y continuar", "siguiente"),
            *("ho capito", "capito", "continua", "va bene", "chiudi", "prosegui", "avanti"),
            *("begrepen", "doorgaan", "oke", "oké", "sluiten", "prima", "ga verder", "percebi", "entendi"),
        ),
        "doesn't say that it accepts; a button that agrees must say so, for example 'Accept all'",
    ),
    WordingRule(
        _PROSE,
        _inside(
            *("we assume", "we'll assume", "we will assume", "by continuing", "by using", "by browsing"),
            *("by visiting", "by staying", "if you continue", "if you keep", "continued use", "continuing to use"),
            *("by scrolling", "by closing", "you consent to", "you are ok with", "you're ok with"),
            *("you're fine with", "you are fine with", "by clicking anywhere", "implies"),
            *("nous supposons", "en continuant", "en poursuivant", "en naviguant", "en utilisant", "si vous continuez"),
            *("vous acceptez", "la poursuite de", "en fermant"),
            *("wir gehen davon aus", "wenn sie weiter", "durch die weitere", "durch die nutzung", "mit der nutzung"),
            *("stimmen sie .{0,40}zu", "indem sie", "durch weiteres"),
            *("asumimos", "si contin[uú]a", "al continuar", "si sigue navegando", "al navegar", "al utilizar"),
            *("se continui", "continuando", "proseguendo", "scorrendo", "chiudendo"),
            *("als u doorgaat", "door verder te", "door gebruik te", "ao continuar", "ao navegar", "assumimos"),
        ),
        "reads silence, scrolling or staying as a yes; where silence is no, ask and say what each button does",
        opt_in_only=True,
    ),
    WordingRule(
        ("banner.reject",),
        _inside(
            *(
                "no,? (?:thanks|thank you)[,.:;–—-]* .+",
                r"no[,.:;–—-]+ i\b.*",
                "i (?:don't|do not|hate|prefer|like|want)",
            ),
            *("worse", "boring", "irrelevant", "miss out", "i'd rather", "without benefits?", "less secure"),
            *("non(?: merci)?,? je .*", "tant pis", "moins pertinente?s?", "je pr[eé]f[eè]re", "je ne veux pas"),
            *("nein(?: danke)?,? ich .*", "schlechter", "weniger relevant", "langweilige?", "ich verzichte"),
            *("no(?: gracias)?,? (?:yo|prefiero|no quiero).*", "peor", "menos relevantes?"),
            *("no(?: grazie)?,? (?:io|preferisco|non voglio).*", "peggiore?", "nee(?: dank je)?,? ik .*", "slechter"),
        ),
        "makes the visitor feel bad about saying no; write it as plainly as the yes, for example 'Reject all'",
    ),
    WordingRule(
        ("banner.reject",),
        _inside(
            *("later", "not now", "maybe", "remind me", "skip", "for now"),
            *("plus tard", "pas maintenant", "peut-être", "me le rappeler", "passer"),
            *("später", "nicht jetzt", "vielleicht", "überspringen", "m[aá]s tarde", "ahora no", "quiz[aá]s?"),
            *("pi[uù] tardi", "non ora", "forse", "niet nu", "misschien", "agora n[aã]o", "mais tarde", "talvez"),
        ),
        "puts the question off instead of answering it; a refusal must say that it refuses",
    ),
    WordingRule(
        ("banner.reject",),
        _inside(
            *(
                "settings?",
                "options?",
                "preferences?",
                "manage",
                "customi[sz]e",
                "learn more",
                "more info.*",
                "details",
            ),
            *("paramètres?", "paramétrer", "gérer", "personnaliser", "préférences?", "en savoir plus"),
            *("einstellungen", "verwalten", "anpassen", "mehr erfahren", "optionen"),
            *("ajustes", "configurar", "gestionar", "opciones", "preferencias", "impostazioni", "gestisci"),
            *("personalizza", "instellingen", "beheren", "aanpassen", "defini[cç][oõ]es", "gerir"),
        ),
        "leads to settings, so that saying no would take more clicks than saying yes; write a plain refusal",
    ),
    WordingRule(
        ("banner.reject", "banner.accept"),
        re.compile(r"^[\Wx×✕✖]*$"),
        "has no words; a sign such as × doesn't say what it does",
    ),
    WordingRule(
        (*_BUTTONS, *_PROSE),
        _inside(
            *(r"(?:do not|don't|never) (?:disable|block|refuse|reject|opt[ -]out|deny|decline|turn off|stop)",),
            *(r"(?:un(?:tick|check)|deselect|opt[ -]out) .{0,40}(?:not|n't)", "not un\\w+"),
            *(r"ne (?:pas|plus) (?:refuser|désactiver|bloquer|rejeter|interdire|s'opposer)",),
            *(r"nicht (?:ablehnen|deaktivieren|blockieren|verweigern|widersprechen|ausschalten)",),
            *(r"no (?:rechazar|desactivar|bloquear|denegar|oponerse)",),
            *(r"non (?:rifiutare|disattivare|bloccare|negare)", "niet (?:weigeren|uitschakelen|blokkeren)"),
        ),
        "says no twice; say what happens in a positive form, so that nobody has to untangle it",
    ),
    WordingRule(
        ("banner.save",),
        _inside(
            *("accept", "agree", "allow all", "accepter", "autoriser tout", "akzeptieren", "zustimmen", "aceptar"),
            *("accetta", "accepteren", "akkoord", "aceitar"),
        ),
        "sounds like accepting, but it stores what was ticked; write for example 'Save my choice'",
    ),
)

VAGUE_PURPOSE = _inside(
    *(r"(?:improv|enhanc|optimi[sz]|personali[sz])\w* (?:your|the|our|user|visitors?'?s?)?\s?(?:\w+ )?experience",),
    *("better experience", "best (?:possible )?experience", "various purposes", "other purposes", "and more"),
    *("etc", "business purposes", "legitimate interests?", "marketing purposes", "improve our (?:site|services?)"),
    *("amélior\\w* (?:votre|l'|notre) ?(?:expérience|site|services?)", "meilleure expérience", "diverses finalités"),
    *("ihr (?:nutzer)?erlebnis .{0,20}verbessern", "verbesserung (?:ihres|des|unseres) \\w+", "verschiedene zwecke"),
    *("bessere(?:s)? (?:nutzer)?erlebnis", "mejorar (?:su|la|tu) experiencia", "mejor experiencia"),
    *(
        "migliorare (?:la tua|l'|la) ?esperienza",
        "uw ervaring (?:te )?verbeteren",
        "melhorar (?:a sua|sua|a) experiência",
    ),
)

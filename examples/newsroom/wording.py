"""The words of the page itself, in both editions, and how each writes a date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

Words = Mapping[str, str]

_EN: Words = {
    "code": "en",
    "tagline": "News from both banks of the Wen",
    "skip": "Skip to the article",
    "sections": "Sections",
    "home": "Home",
    "harbour": "Harbour",
    "town": "Town",
    "science": "Science",
    "culture": "Culture",
    "other_edition": "Français",
    "minutes": "min read",
    "by": "By the",
    "more": "Also in this edition",
    "untranslated": "In the English edition",
    "in_short": "In short",
    "tides": "Tides at the mole",
    "advert": "Advertisement",
    "related": "Read next",
    "shoal": "On Shoal, a social network",
    "video": "Film",
    "video_title": "How the night ferry comes in",
    "comments": "Comments",
    "no_comments": "Nobody has written yet.",
    "write": "Leave a comment",
    "name": "Name",
    "email": "E-mail (never published)",
    "website": "Website",
    "optional": "optional",
    "comment": "Your comment",
    "remember": "Remember my name, email and website in this browser for the next time I comment",
    "forget": "Forget my details",
    "send": "Post comment",
    "spam_notice": "Before a comment appears, a spam check reads its text and name. Newsrooms often hand that to an "
    "outside service. In this demonstration a small checker on this server stands in, so nothing you write is "
    "passed on.",
    "contact_refused": "E-mail and website are kept only if you allow “Comment details” under functional "
    "storage, and so is the memory of this form. You haven’t so far; your name and comment are enough.",
    "contact_link": "Change your choice",
    "published": "Thank you. Your comment is published below.",
    "published_without": "Thank you. Your comment is published below. E-mail and website weren’t kept, because you "
    "haven’t allowed that.",
    "held": "Thank you. The checker wants a person to look at your comment first; it isn’t published yet.",
    "fix": "Your comment wasn’t stored. Please look at the marked fields.",
    "too_long": "This is too long.",
    "author_missing": "Please give a name. Any will do.",
    "comment_missing": "Please write something.",
    "email_wrong": "This doesn’t look like an e-mail address. You may also leave it out.",
    "website_wrong": "Please write an address that begins with https:// or http://, or leave it out.",
    "newsletter": "The Lantern by post",
    "newsletter_text": "One letter on Saturday morning, tides included.",
    "newsletter_small": "A real newsroom would now write to you once and start only when you confirm. This "
    "demonstration keeps the address and sends nothing.",
    "address": "E-mail address",
    "subscribe": "Subscribe",
    "subscribed": "Noted. Nothing more happens in this demonstration: no letter is sent.",
    "address_wrong": "That doesn’t look like an e-mail address. Nothing was stored.",
    "choices": "Privacy choices",
    "privacy": "Privacy & cookies",
    "about": "About this demonstration",
    "footer": "The Wenmouth Lantern is an invented newspaper in an invented town.",
    "panel": "What your browser was sent",
}

_FR: Words = {
    "code": "fr",
    "tagline": "Les nouvelles des deux rives du Wen",
    "skip": "Aller à l’article",
    "sections": "Rubriques",
    "home": "À la une",
    "harbour": "Port",
    "town": "Ville",
    "science": "Sciences",
    "culture": "Culture",
    "other_edition": "English",
    "minutes": "min de lecture",
    "by": "Par",
    "more": "Aussi dans cette édition",
    "untranslated": "Dans l’édition anglaise",
    "in_short": "En bref",
    "tides": "Marées au môle",
    "advert": "Publicité",
    "related": "À lire aussi",
    "shoal": "Sur Shoal, un réseau social",
    "video": "Film",
    "video_title": "L’accostage du bac de nuit",
    "comments": "Commentaires",
    "no_comments": "Personne n’a encore écrit.",
    "write": "Laisser un commentaire",
    "name": "Nom",
    "email": "E-mail (jamais publié)",
    "website": "Site web",
    "optional": "facultatif",
    "comment": "Votre commentaire",
    "remember": "Enregistrer mon nom, mon e-mail et mon site web dans ce navigateur pour mon prochain commentaire",
    "forget": "Oublier mes coordonnées",
    "send": "Publier le commentaire",
    "spam_notice": "Avant publication, un contrôle antispam lit le texte et le nom. Les rédactions confient souvent "
    "cette tâche à un service extérieur. Dans cette démonstration, un petit programme sur ce serveur s’en charge : "
    "rien n’est transmis.",
    "contact_refused": "L’e-mail et le site web ne sont conservés que si vous autorisez le stockage fonctionnel ; "
    "il en va de même pour la mémoire de ce formulaire. Ce n’est pas le cas pour l’instant : votre nom et "
    "votre commentaire suffisent.",
    "contact_link": "Modifier votre choix",
    "published": "Merci. Votre commentaire est publié ci-dessous.",
    "published_without": "Merci. Votre commentaire est publié ci-dessous. L’e-mail et le site web n’ont pas été "
    "conservés, faute de votre accord.",
    "held": "Merci. Une personne doit d’abord relire votre commentaire ; il n’est pas encore publié.",
    "fix": "Votre commentaire n’a pas été enregistré. Veuillez vérifier les champs signalés.",
    "too_long": "C’est trop long.",
    "author_missing": "Veuillez indiquer un nom, quel qu’il soit.",
    "comment_missing": "Veuillez écrire quelque chose.",
    "email_wrong": "Cela ne ressemble pas à une adresse e-mail. Vous pouvez aussi laisser ce champ vide.",
    "website_wrong": "Veuillez écrire une adresse qui commence par https:// ou http://, ou laisser ce champ vide.",
    "newsletter": "La Lanterne par courrier",
    "newsletter_text": "Une lettre le samedi matin, marées comprises.",
    "newsletter_small": "Une vraie rédaction vous écrirait une fois et attendrait votre confirmation. Cette "
    "démonstration conserve l’adresse et n’envoie rien.",
    "address": "Adresse e-mail",
    "subscribe": "S’abonner",
    "subscribed": "C’est noté. Rien de plus dans cette démonstration : aucune lettre n’est envoyée.",
    "address_wrong": "Cela ne ressemble pas à une adresse e-mail. Rien n’a été enregistré.",
    "choices": "Vos choix",
    "privacy": "Vie privée et cookies",
    "about": "À propos de cette démonstration",
    "footer": "The Wenmouth Lantern est un journal inventé, dans une ville inventée.",
    "panel": "Ce que votre navigateur a reçu",
}

WORDS: Mapping[str, Words] = {"en": _EN, "fr": _FR}

_MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
}
_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "fr": ("Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi", "Samedi", "Dimanche"),
}


def written_date(day: date | datetime, locale: str) -> str:
    """`20 November 2026`, `20 novembre 2026`."""
    number = "1er" if locale == "fr" and day.day == 1 else str(day.day)
    return f"{number} {_MONTHS[locale][day.month - 1]} {day.year}"


def long_date(day: date, locale: str) -> str:
    """The date with its weekday, as it stands above the paper's name."""
    comma = "" if locale == "fr" else ","
    return f"{_DAYS[locale][day.weekday()]}{comma} {written_date(day, locale)}"

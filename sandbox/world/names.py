"""Name lists, written for this world: no list of real people stands behind them."""

FIRST = (
    "Anna", "Ben", "Chiara", "Dmitri", "Elif", "Farah", "Goran", "Hana", "Ivo", "Jin", "Kofi",
    "Lucía", "Mehmet", "Noor", "Olga", "Pedro", "Qing", "Rosa", "Søren", "Tomáš", "Uma", "Viktor",
    "Wanjiru", "Xiomara", "Yuki", "Zoë", "André", "Björn", "Céline", "Đorđe", "Émile", "Fiona",
    "Grzegorz", "Hélène", "Ingrid", "José", "Katarzyna", "Łukasz", "Márta", "Nguyệt", "Oisín",
    "Priya", "Raúl", "Siobhán", "Thandiwe", "Ursula", "Vân", "William", "Yara", "Zeynep", "Amara",
    "Bruno", "Carmen", "Dara", "Emeka", "Freya", "Gita", "Hugo", "Imani", "Jonas",
)  # fmt: skip
LAST = (
    "Almeida", "Bauer", "Chen", "Dvořák", "Eriksen", "Ferrari", "García", "Hoang", "Ivanova",
    "Jensen", "Kowalska", "Lindqvist", "Müller", "Nakamura", "O’Connor", "Petrović", "Quispe",
    "Rossi", "Şahin", "Tanaka", "Ueda", "Vargas", "Wójcik", "Ximenes", "Yılmaz", "Zhang", "Adeyemi",
    "Brown", "Costa", "Dubois", "Fernández", "Grønning", "Haddad", "Iversen", "Johansson",
    "Kim", "Lefèvre", "Mbeki", "Novák", "Okafor", "Papadopoulos", "Reyes", "Schröder", "Taylor",
    "Urbański",
    "van Dijk", "Weiß", "Young", "Zieliński", "Achterberg", "Castellanos", "Hargreaves",
)  # fmt: skip
CANARIES = (
    ("Zephyrine", "Quillfeather"), ("Thaddeus", "Brackenmoor"), ("Oriel", "Vantongeren"),
    ("Isolde", "Marrowbane"), ("Caspian", "Wetherhollow"), ("Philomena", "Dragonwyck"),
    ("Leocadia", "Finsterwald"), ("Barnaby", "Oxenstierna"), ("Seraphina", "Kettlewhistle"),
)  # fmt: skip
MAIL_HOSTS = ("example.com", "example.org", "example.net", "mail.example.com", "post.example.org")
COMPANY = (
    "Nordlicht", "Blue Harbour", "Cedar", "Kestrel", "Oakline", "Papaya", "Quarry", "Solstice",
    "Tidewater", "Umbra", "Vela", "Willow", "Zenith", "Amber", "Birch", "Copper", "Delta", "Ember",
)  # fmt: skip
COMPANY_END = (
    "Logistics",
    "Foods",
    "Studio",
    "Medical",
    "GmbH",
    "Ltd",
    "Partners",
    "S.A.",
    "Works",
)
STREETS = (
    "Lindenstraße", "Harbour Road", "Rua das Flores", "Maple Avenue", "Calle Mayor", "Station Lane",
    "Rue du Marché", "Via Garibaldi", "Kungsgatan", "Elm Street",
)  # fmt: skip
CITIES = (
    "Bremen",
    "Leeds",
    "Porto",
    "Albany",
    "Sevilla",
    "Kraków",
    "Lyon",
    "Bologna",
    "Malmö",
    "Bath",
)
PRODUCTS = (
    "coffee machine", "desk lamp", "rain jacket", "standing desk", "headphones", "travel bag",
    "espresso grinder", "office chair", "air purifier", "bike light", "phone case", "blender",
)  # fmt: skip
AGENT_FIRST = (
    "Marta", "Samuel", "Ines", "Paul", "Aisha", "Leon", "Nadia", "Oscar", "Greta", "Rashid",
    "Clara",
    "Teo", "Linnea", "Victor",
)  # fmt: skip
AGENT_LAST = (
    "Keller", "Osei", "Moreau", "Lang", "Rahman", "Fischer", "Sokolova", "Lund", "Hofmann", "Aziz",
    "Jovanović", "Marino",
)  # fmt: skip
DIALS = ("+1 212 555", "+44 7700 900", "+49 30 5550", "+351 21 555", "+48 22 555", "+33 1 99 00")

/* A few words of other languages: the same things said in each. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "train/talk.h"

static const char skill[] = "languages";

enum { COLOURS = 6, NUMBERS = 10, NOUNS = 8 };

static const char *const english_colours[COLOURS] = {"red",   "blue",  "green",
                                                     "white", "black", "yellow"};
static const char *const english_numbers[NUMBERS] = {"one", "two",   "three", "four", "five",
                                                     "six", "seven", "eight", "nine", "ten"};
static const char *const english_nouns[NOUNS] = {"house", "water", "cat",   "dog",
                                                 "sun",   "book",  "bread", "tree"};

static const struct language {
    const char *name, *hello, *thanks, *welcome, *bye;
    const char *who, *i_am; /* "Who are you?" and what it answers */
    const char *colours[COLOURS], *numbers[NUMBERS], *nouns[NOUNS];
} languages[] = {
    {"German",
     "Hallo",
     "Danke",
     "Gern geschehen",
     "Auf Wiedersehen",
     "Wer bist du?",
     "Ich bin facet-small, ein sehr kleines Modell.",
     {"rot", "blau", "grün", "weiß", "schwarz", "gelb"},
     {"eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn"},
     {"Haus", "Wasser", "Katze", "Hund", "Sonne", "Buch", "Brot", "Baum"}},
    {"French",
     "Bonjour",
     "Merci",
     "De rien",
     "Au revoir",
     "Qui es-tu ?",
     "Je suis facet-small, un très petit modèle.",
     {"rouge", "bleu", "vert", "blanc", "noir", "jaune"},
     {"un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"},
     {"maison", "eau", "chat", "chien", "soleil", "livre", "pain", "arbre"}},
    {"Spanish",
     "Hola",
     "Gracias",
     "De nada",
     "Adiós",
     "¿Quién eres?",
     "Soy facet-small, un modelo muy pequeño.",
     {"rojo", "azul", "verde", "blanco", "negro", "amarillo"},
     {"uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez"},
     {"casa", "agua", "gato", "perro", "sol", "libro", "pan", "árbol"}},
    {"Italian",
     "Ciao",
     "Grazie",
     "Prego",
     "Arrivederci",
     "Chi sei?",
     "Sono facet-small, un modello molto piccolo.",
     {"rosso", "blu", "verde", "bianco", "nero", "giallo"},
     {"uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove", "dieci"},
     {"casa", "acqua", "gatto", "cane", "sole", "libro", "pane", "albero"}},
    {"Portuguese",
     "Olá",
     "Obrigado",
     "De nada",
     "Adeus",
     "Quem és tu?",
     "Sou o facet-small, um modelo muito pequeno.",
     {"vermelho", "azul", "verde", "branco", "preto", "amarelo"},
     {"um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez"},
     {"casa", "água", "gato", "cão", "sol", "livro", "pão", "árvore"}},
    {"Dutch",
     "Hallo",
     "Dank je",
     "Graag gedaan",
     "Tot ziens",
     "Wie ben je?",
     "Ik ben facet-small, een heel klein model.",
     {"rood", "blauw", "groen", "wit", "zwart", "geel"},
     {"een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien"},
     {"huis", "water", "kat", "hond", "zon", "boek", "brood", "boom"}},
    {"Swedish",
     "Hej",
     "Tack",
     "Varsågod",
     "Hej då",
     "Vem är du?",
     "Jag är facet-small, en mycket liten modell.",
     {"röd", "blå", "grön", "vit", "svart", "gul"},
     {"ett", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio"},
     {"hus", "vatten", "katt", "hund", "sol", "bok", "bröd", "träd"}},
    {"Polish",
     "Cześć",
     "Dziękuję",
     "Proszę",
     "Do widzenia",
     "Kim jesteś?",
     "Jestem facet-small, bardzo mały model.",
     {"czerwony", "niebieski", "zielony", "biały", "czarny", "żółty"},
     {"jeden", "dwa", "trzy", "cztery", "pięć", "sześć", "siedem", "osiem", "dziewięć", "dziesięć"},
     {"dom", "woda", "kot", "pies", "słońce", "książka", "chleb", "drzewo"}},
    {"Russian",
     "Привет",
     "Спасибо",
     "Пожалуйста",
     "До свидания",
     "Кто ты?",
     "Я facet-small, очень маленькая модель.",
     {"красный", "синий", "зелёный", "белый", "чёрный", "жёлтый"},
     {"один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять"},
     {"дом", "вода", "кошка", "собака", "солнце", "книга", "хлеб", "дерево"}},
    {"Greek",
     "Γεια σου",
     "Ευχαριστώ",
     "Παρακαλώ",
     "Αντίο",
     "Ποιος είσαι;",
     "Είμαι το facet-small, ένα πολύ μικρό μοντέλο.",
     {"κόκκινο", "μπλε", "πράσινο", "άσπρο", "μαύρο", "κίτρινο"},
     {"ένα", "δύο", "τρία", "τέσσερα", "πέντε", "έξι", "επτά", "οκτώ", "εννέα", "δέκα"},
     {"σπίτι", "νερό", "γάτα", "σκύλος", "ήλιος", "βιβλίο", "ψωμί", "δέντρο"}},
    {"Turkish",
     "Merhaba",
     "Teşekkürler",
     "Rica ederim",
     "Hoşça kal",
     "Sen kimsin?",
     "Ben facet-small, çok küçük bir modelim.",
     {"kırmızı", "mavi", "yeşil", "beyaz", "siyah", "sarı"},
     {"bir", "iki", "üç", "dört", "beş", "altı", "yedi", "sekiz", "dokuz", "on"},
     {"ev", "su", "kedi", "köpek", "güneş", "kitap", "ekmek", "ağaç"}},
    {"Japanese",
     "こんにちは",
     "ありがとう",
     "どういたしまして",
     "さようなら",
     "あなたは誰ですか?",
     "facet-small です。とても小さなモデルです。",
     {"赤", "青", "緑", "白", "黒", "黄色"},
     {"一", "二", "三", "四", "五", "六", "七", "八", "九", "十"},
     {"家", "水", "猫", "犬", "太陽", "本", "パン", "木"}},
    {"Chinese",
     "你好",
     "谢谢",
     "不客气",
     "再见",
     "你是谁?",
     "我是 facet-small,一个很小的模型。",
     {"红色", "蓝色", "绿色", "白色", "黑色", "黄色"},
     {"一", "二", "三", "四", "五", "六", "七", "八", "九", "十"},
     {"房子", "水", "猫", "狗", "太阳", "书", "面包", "树"}},
    {"Korean",
     "안녕하세요",
     "감사합니다",
     "천만에요",
     "안녕히 가세요",
     "누구세요?",
     "저는 facet-small, 아주 작은 모델입니다.",
     {"빨간색", "파란색", "초록색", "흰색", "검은색", "노란색"},
     {"하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟", "아홉", "열"},
     {"집", "물", "고양이", "개", "태양", "책", "빵", "나무"}},
    {"Arabic",
     "مرحبا",
     "شكرا",
     "عفوا",
     "مع السلامة",
     "من أنت؟",
     "أنا facet-small، نموذج صغير جدا.",
     {"أحمر", "أزرق", "أخضر", "أبيض", "أسود", "أصفر"},
     {"واحد", "اثنان", "ثلاثة", "أربعة", "خمسة", "ستة", "سبعة", "ثمانية", "تسعة", "عشرة"},
     {"بيت", "ماء", "قطة", "كلب", "شمس", "كتاب", "خبز", "شجرة"}},
    {"Hindi",
     "नमस्ते",
     "धन्यवाद",
     "आपका स्वागत है",
     "अलविदा",
     "आप कौन हैं?",
     "मैं facet-small हूँ, एक बहुत छोटा मॉडल।",
     {"लाल", "नीला", "हरा", "सफ़ेद", "काला", "पीला"},
     {"एक", "दो", "तीन", "चार", "पाँच", "छह", "सात", "आठ", "नौ", "दस"},
     {"घर", "पानी", "बिल्ली", "कुत्ता", "सूरज", "किताब", "रोटी", "पेड़"}},
};
enum { LANGUAGES = sizeof languages / sizeof *languages };

/* The same thing in English and in it. */
static const char *pick_word(struct talk *t, const struct language *l, const char **english)
{
    uint32_t i = random_below(t->r, COLOURS + NUMBERS + NOUNS);
    if (i < COLOURS) {
        *english = english_colours[i];
        return l->colours[i];
    }
    i -= COLOURS;
    if (i < NUMBERS) {
        *english = english_numbers[i];
        return l->numbers[i];
    }
    *english = english_nouns[i - NUMBERS];
    return l->nouns[i - NUMBERS];
}

static void from_english(struct talk *t, const struct language *l)
{
    const char *english, *word = pick_word(t, l, &english);
    talk_add(t, skill,
             say(t->r,
                 "What is [$1|\"$1\"] in $2?|How do you say [$1|\"$1\"] in $2?|"
                 "Translate \"$1\" [to|into] $2.|$2 for $1[?|]|Say $1 in $2.",
                 english, l->name),
             mem_copy(word), word);
}

static void to_english(struct talk *t, const struct language *l)
{
    const char *english, *word = pick_word(t, l, &english);
    talk_add(t, skill,
             say(t->r,
                 "What does \"$1\" mean[ in $2|]?|What is the $2 [word|] \"$1\" in English?|"
                 "Translate the $2 word \"$1\".|The $2 word \"$1\" - what does it mean?",
                 word, l->name),
             say(t->r, "$1.", english), english);
}

static void phrase(struct talk *t, const struct language *l)
{
    const struct {
        const char *english, *theirs;
    } all[] = {{"hello", l->hello}, {"thank you", l->thanks}, {"goodbye", l->bye}};
    uint32_t i = random_below(t->r, 3);
    talk_add(t, skill,
             say(t->r, "How do you say [$1|\"$1\"] in $2?|What is \"$1\" in $2?|Say $1 in $2.",
                 all[i].english, l->name),
             mem_copy(all[i].theirs), all[i].theirs);
}

static void talk_in(struct talk *t, const struct language *l)
{
    const struct {
        const char *user, *model;
    } all[] = {{l->hello, l->hello}, {l->thanks, l->welcome}, {l->bye, l->bye}, {l->who, l->i_am}};
    uint32_t i = random_below(t->r, 4);
    talk_add(t, skill, say(t->r, i < 3 ? "$1[!|.|]" : "$1", all[i].user),
             say(t->r, i < 3 ? "$1!" : "$1", all[i].model), all[i].model);
}

static void which_language(struct talk *t, const struct language *l)
{
    const char *said[] = {l->who, l->i_am, l->thanks};
    const char *text = TALK_ONE_OF(t, said);
    talk_add(
        t, skill,
        say(t->r,
            "Which language is this: $1|What language is \"$1\"?|In which language is this: $1",
            text),
        say(t->r, "$1.", l->name), l->name);
}

/* One to N, or all the colours. */
static void count_in(struct talk *t, const struct language *l)
{
    int n = random_between(t->r, 3, NUMBERS);
    struct str list = {0};
    for (int i = 0; i < n; i++)
        str_printf(&list, "%s%s", i ? ", " : "", l->numbers[i]);
    char *text = str_take(&list);
    talk_add(t, skill,
             say(t->r, "Count [to|from one to] $1 in $2.|Count to $1 in $2, please.",
                 english_numbers[n - 1], l->name),
             mem_copy(text), text);
    free(text);
}

void talk_languages(struct talk *t)
{
    static void (*const all[])(struct talk * t, const struct language *l) = {
        from_english, from_english, to_english,     to_english, phrase,
        talk_in,      talk_in,      which_language, count_in};
    all[random_below(t->r, sizeof all / sizeof *all)](t, &languages[random_below(t->r, LANGUAGES)]);
}

/* Plain questions in other languages, and answers of a word: so none has to agree with another. */
#include <stdio.h>

#include "train/scene_ask.h"

enum { NAMED_SHAPES = 7, NAMED_CELLS = 5 };
static const int named_shapes[NAMED_SHAPES] = {
    SHAPE_CIRCLE, SHAPE_SQUARE, SHAPE_TRIANGLE, SHAPE_STAR, SHAPE_HEART, SHAPE_CROSS, SHAPE_ARROW};
static const int named_cells[NAMED_CELLS] = {0, 2, 4, 6, 8};

static const struct tongue {
    const char *colour;    /* pattern of the question, $1: the shape */
    const char *shape;     /* $1: the place */
    const char *count;     /* $1: the shapes, as this question has them */
    const char *count_all; /* of all shapes */
    const char *colours[COLOURS];
    struct {
        const char *asked, *bare, *counted; /* NULL: not spoken of */
    } shapes[NAMED_SHAPES];
    const char *places[NAMED_CELLS];
} tongues[] = {
    {"Welche Farbe hat $1?|In welcher Farbe ist $1[ gemalt|]?|Sag mir: welche Farbe hat $1?",
     "[Welche Form|Was] ist $1?|Was [siehst du|sieht man] $1?",
     "Wie viele $1 [sind zu sehen|gibt es|siehst du]?|Zähle: wie viele $1 sind es?",
     "Wie viele Formen [sind zu sehen|gibt es|siehst du]?",
     {"rot", "orange", "gelb", "grün", "blau", "lila", "rosa", "braun", "schwarz", "grau", "weiß"},
     {{"der Kreis", "Kreis", "Kreise"},
      {"das Quadrat", "Quadrat", "Quadrate"},
      {"das Dreieck", "Dreieck", "Dreiecke"},
      {"der Stern", "Stern", "Sterne"},
      {"das Herz", "Herz", "Herzen"},
      {"das Kreuz", "Kreuz", "Kreuze"},
      {"der Pfeil", "Pfeil", "Pfeile"}},
     {"oben links", "oben rechts", "in der Mitte", "unten links", "unten rechts"}},
    {"De quelle couleur est $1 ?|$1, c'est de quelle couleur ?",
     "Quelle forme [est|se trouve] $1 ?|[Que vois-tu|Que voit-on] $1 ?",
     "Combien de $1 [vois-tu|voyez-vous|y a-t-il] ?|Combien y a-t-il de $1 ?",
     "Combien de formes [y a-t-il|vois-tu] ?",
     {"rouge", "orange", "jaune", "vert", "bleu", "violet", "rose", "marron", "noir", "gris",
      "blanc"},
     {{"le cercle", "cercle", "cercles"},
      {"le carré", "carré", "carrés"},
      {"le triangle", "triangle", "triangles"},
      {"l'étoile", "étoile", NULL},
      {"le cœur", "cœur", "cœurs"},
      {"la croix", "croix", "croix"},
      {"la flèche", "flèche", "flèches"}},
     {"en haut à gauche", "en haut à droite", "au centre", "en bas à gauche", "en bas à droite"}},
    {"¿De qué color es $1?|¿Qué color tiene $1?",
     "¿Qué forma [hay|está] $1?|¿Qué [ves|se ve] $1?",
     NULL,
     "¿Cuántas formas [hay|ves]?",
     {"rojo", "naranja", "amarillo", "verde", "azul", "morado", "rosa", "marrón", "negro", "gris",
      "blanco"},
     {{"el círculo", "círculo", NULL},
      {"el cuadrado", "cuadrado", NULL},
      {"el triángulo", "triángulo", NULL},
      {"la estrella", "estrella", NULL},
      {"el corazón", "corazón", NULL},
      {"la cruz", "cruz", NULL},
      {"la flecha", "flecha", NULL}},
     {"arriba a la izquierda", "arriba a la derecha", "en el centro", "abajo a la izquierda",
      "abajo a la derecha"}},
    {"Di che colore è $1?|Che colore ha $1?",
     "Che forma c'è $1?|Che cosa [vedi|si vede] $1?",
     NULL,
     "Quante forme [ci sono|vedi]?",
     {"rosso", "arancione", "giallo", "verde", "blu", "viola", "rosa", "marrone", "nero", "grigio",
      "bianco"},
     {{"il cerchio", "cerchio", NULL},
      {"il quadrato", "quadrato", NULL},
      {"il triangolo", "triangolo", NULL},
      {"la stella", "stella", NULL},
      {"il cuore", "cuore", NULL},
      {"la croce", "croce", NULL},
      {"la freccia", "freccia", NULL}},
     {"in alto a sinistra", "in alto a destra", "al centro", "in basso a sinistra",
      "in basso a destra"}},
    {"De que cor é $1?|Que cor tem $1?",
     "Que forma [está|há] $1?|O que [vês|se vê] $1?",
     NULL,
     "Quantas formas [há|vês]?",
     {"vermelho", "laranja", "amarelo", "verde", "azul", "roxo", "rosa", "castanho", "preto",
      "cinzento", "branco"},
     {{"o círculo", "círculo", NULL},
      {"o quadrado", "quadrado", NULL},
      {"o triângulo", "triângulo", NULL},
      {"a estrela", "estrela", NULL},
      {"o coração", "coração", NULL},
      {"a cruz", "cruz", NULL},
      {"a seta", "seta", NULL}},
     {"em cima à esquerda", "em cima à direita", "no centro", "em baixo à esquerda",
      "em baixo à direita"}},
    {"Welke kleur heeft $1?|In welke kleur is $1?",
     "Welke vorm [staat|is] $1?|Wat [zie je|ziet men] $1?",
     "Hoeveel $1 [zijn er|zie je]?",
     "Hoeveel vormen [zijn er|zie je]?",
     {"rood", "oranje", "geel", "groen", "blauw", "paars", "roze", "bruin", "zwart", "grijs",
      "wit"},
     {{"de cirkel", "cirkel", "cirkels"},
      {"het vierkant", "vierkant", "vierkanten"},
      {"de driehoek", "driehoek", "driehoeken"},
      {"de ster", "ster", "sterren"},
      {"het hart", "hart", "harten"},
      {"het kruis", "kruis", "kruisen"},
      {"de pijl", "pijl", "pijlen"}},
     {"linksboven", "rechtsboven", "in het midden", "linksonder", "rechtsonder"}},
    {"Jaki kolor ma $1?|Jakiego koloru jest $1?",
     "Jaki kształt jest $1?|Co [widzisz|widać] $1?",
     "Ile [jest|widzisz] $1?",
     "Ile [jest|widzisz] kształtów?",
     {"czerwony", "pomarańczowy", "żółty", "zielony", "niebieski", "fioletowy", "różowy", "brązowy",
      "czarny", "szary", "biały"},
     {{"koło", "koło", "kół"},
      {"kwadrat", "kwadrat", "kwadratów"},
      {"trójkąt", "trójkąt", "trójkątów"},
      {"gwiazda", "gwiazda", "gwiazd"},
      {"serce", "serce", "serc"},
      {"krzyż", "krzyż", "krzyży"},
      {"strzałka", "strzałka", "strzałek"}},
     {"u góry po lewej", "u góry po prawej", "na środku", "na dole po lewej", "na dole po prawej"}},
    {"$1 [ne|hangi] renk?",
     "$1 [hangi şekil|ne] var?",
     "Kaç [tane |]$1 var?",
     "Kaç [tane |]şekil var?",
     {"kırmızı", "turuncu", "sarı", "yeşil", "mavi", "mor", "pembe", "kahverengi", "siyah", "gri",
      "beyaz"},
     {{"Daire", "daire", "daire"},
      {"Kare", "kare", "kare"},
      {"Üçgen", "üçgen", "üçgen"},
      {"Yıldız", "yıldız", "yıldız"},
      {"Kalp", "kalp", "kalp"},
      {NULL, "haç", NULL},
      {"Ok", "ok", "ok"}},
     {"Sol üstte", "Sağ üstte", "Ortada", "Sol altta", "Sağ altta"}},
    {"Какого цвета $1?|Какой цвет: $1?",
     "Какая фигура [находится |]$1?|Что [видно|ты видишь] $1?",
     "Сколько $1 на [картинке|рисунке]?|Сколько здесь $1?",
     "Сколько [здесь |]фигур?",
     {"красный", "оранжевый", "жёлтый", "зелёный", "синий", "фиолетовый", "розовый", "коричневый",
      "чёрный", "серый", "белый"},
     {{"круг", "круг", "кругов"},
      {"квадрат", "квадрат", "квадратов"},
      {"треугольник", "треугольник", "треугольников"},
      {"звезда", "звезда", "звёзд"},
      {"сердце", "сердце", "сердец"},
      {"крест", "крест", "крестов"},
      {"стрелка", "стрелка", "стрелок"}},
     {"слева вверху", "справа вверху", "в центре", "слева внизу", "справа внизу"}},
    {"Τι χρώμα [έχει|είναι] $1;",
     "Ποιο σχήμα είναι $1;|Τι [βλέπεις|υπάρχει] $1;",
     NULL,
     "Πόσα σχήματα [υπάρχουν|βλέπεις];",
     {"κόκκινο", "πορτοκαλί", "κίτρινο", "πράσινο", "μπλε", "μωβ", "ροζ", "καφέ", "μαύρο", "γκρι",
      "άσπρο"},
     {{"ο κύκλος", "κύκλος", NULL},
      {"το τετράγωνο", "τετράγωνο", NULL},
      {"το τρίγωνο", "τρίγωνο", NULL},
      {"το αστέρι", "αστέρι", NULL},
      {"η καρδιά", "καρδιά", NULL},
      {"ο σταυρός", "σταυρός", NULL},
      {"το βέλος", "βέλος", NULL}},
     {"πάνω αριστερά", "πάνω δεξιά", "στο κέντρο", "κάτω αριστερά", "κάτω δεξιά"}},
    {"$1は何色ですか？|$1の色は何ですか？",
     "$1に何がありますか？|$1の形は何ですか？",
     "$1はいくつありますか？|$1は何個ですか？",
     "形はいくつありますか？",
     {"赤", "オレンジ", "黄色", "緑", "青", "紫", "ピンク", "茶色", "黒", "灰色", "白"},
     {{"円", "円", "円"},
      {"正方形", "正方形", "正方形"},
      {"三角形", "三角形", "三角形"},
      {"星", "星", "星"},
      {"ハート", "ハート", "ハート"},
      {"十字", "十字", "十字"},
      {"矢印", "矢印", "矢印"}},
     {"左上", "右上", "中央", "左下", "右下"}},
    {"$1是什么颜色？|$1的颜色是什么？",
     "$1是什么形状？|$1有什么？",
     "有[几|多少]个$1？",
     "有[几|多少]个形状？",
     {"红色", "橙色", "黄色", "绿色", "蓝色", "紫色", "粉色", "棕色", "黑色", "灰色", "白色"},
     {{"圆形", "圆形", "圆形"},
      {"正方形", "正方形", "正方形"},
      {"三角形", "三角形", "三角形"},
      {"星形", "星形", "星形"},
      {"心形", "心形", "心形"},
      {"十字", "十字", "十字"},
      {"箭头", "箭头", "箭头"}},
     {"左上角", "右上角", "中间", "左下角", "右下角"}},
    {"$1 का रंग क्या है?",
     "$1 क्या है?",
     "[तस्वीर में|यहाँ] कितने $1 हैं?",
     "[तस्वीर में|यहाँ] कितने आकार हैं?",
     {"लाल", "नारंगी", "पीला", "हरा", "नीला", "बैंगनी", "गुलाबी", "भूरा", "काला", "स्लेटी", "सफ़ेद"},
     {{"वृत्त", "वृत्त", "वृत्त"},
      {"वर्ग", "वर्ग", "वर्ग"},
      {"त्रिभुज", "त्रिभुज", "त्रिभुज"},
      {"तारे", "तारा", "तारे"},
      {"दिल", "दिल", "दिल"},
      {NULL, NULL, NULL},
      {"तीर", "तीर", "तीर"}},
     {"ऊपर बाईं ओर", "ऊपर दाईं ओर", "बीच में", "नीचे बाईं ओर", "नीचे दाईं ओर"}},
    {"ما لون $1؟|ما هو لون $1؟",
     "ما الشكل $1؟|ماذا ترى $1؟",
     "كم $1 في الصورة؟|كم $1 ترى؟",
     "كم شكلًا [في الصورة|ترى]؟",
     {"أحمر", "برتقالي", "أصفر", "أخضر", "أزرق", "بنفسجي", "وردي", "بني", "أسود", "رمادي", "أبيض"},
     {{"الدائرة", "دائرة", "دائرة"},
      {"المربع", "مربع", "مربعًا"},
      {"المثلث", "مثلث", "مثلثًا"},
      {"النجمة", "نجمة", "نجمة"},
      {"القلب", "قلب", "قلبًا"},
      {NULL, NULL, NULL},
      {"السهم", "سهم", "سهمًا"}},
     {"في أعلى اليسار", "في أعلى اليمين", "في الوسط", "في أسفل اليسار", "في أسفل اليمين"}},
};
enum { TONGUES = sizeof tongues / sizeof *tongues };

static int find(const int *in, int n, int what)
{
    for (int i = 0; i < n; i++)
        if (in[i] == what)
            return i;
    return -1;
}

/* The answer begins with a capital, and so does the key: a scorer may know the case of ASCII only.
 */
static bool ask(struct scene *sc, const char *skill, const char *pattern, const char *about,
                const char *answer)
{
    struct str capital = {0};
    pattern_put(&capital, sc->d->r, "^$1", (const char *const[ASK_ARGUMENTS]){answer});
    const char *said = str_text(&capital);
    bool asked = picture_ask(sc->d->s, sc->d->r,
                             &(struct question){
                                 .skill = skill,
                                 .ask = pattern,
                                 .full = "$2",
                                 .key = said,
                                 .arg = {about, said},
                             });
    str_done(&capital);
    return asked;
}

static bool ask_count(struct scene *sc, const struct tongue *in, int shape)
{
    char n[8];
    bool all =
        shape < 0 || !in->count || !in->shapes[shape].counted || random_chance(sc->d->r, 0.3);
    snprintf(n, sizeof n, "%d", all ? sc->n : scene_count(sc, named_shapes[shape], -1));
    return ask(sc, "count", all ? in->count_all : in->count, all ? "" : in->shapes[shape].counted,
               n);
}

bool scene_ask_foreign(struct scene *sc)
{
    struct random *r = sc->d->r;
    if (sc->kind != SCENE_SHAPES)
        return false;
    if (sc->tongue < 0)
        sc->tongue = (int)random_below(r, TONGUES);
    const struct tongue *in = &tongues[sc->tongue];
    const struct thing *t = &sc->things[random_below(r, (uint32_t)sc->n)];
    int shape = find(named_shapes, NAMED_SHAPES, (int)t->shape);
    int cell = find(named_cells, NAMED_CELLS, t->cell), way = random_between(r, 0, 2);
    if (way == 0)
        return ask_count(sc, in, shape);
    if (shape < 0)
        return false;
    if (way == 1 && cell >= 0 && in->shapes[shape].bare)
        return ask(sc, "shape", in->shape, in->places[cell], in->shapes[shape].bare);
    if (scene_count(sc, (int)t->shape, -1) != 1 || !in->shapes[shape].asked)
        return false;
    return ask(sc, "colour", in->colour, in->shapes[shape].asked, in->colours[t->look.colour]);
}

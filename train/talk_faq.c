/* What people ask about facet, and what its pages answer. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "train/talk.h"
#include "tui/keys.h"

struct question {
    const char *ask, *answer, *key;
    struct {
        enum key_context context;
        enum action action;
    } keys[2]; /* $1 and $2 of answer and key; ACTION_NONE: not needed */
};

static const struct question questions[] = {
    /* pictures */
    {"How [do|can] I [attach|add|send|show you] [a picture|an image|a photo][ here|]?|How do I "
     "give you a picture?|Can I show you a picture?|I want to show you a photo.",
     "[Paste|Type] the picture's path, or choose the picture with $1; [the command |]/image PATH "
     "does it too.",
     "/image",
     {{KEYS_INPUT, ACTION_PICK}}},
    {"How do I [attach|give] a picture [with|to] facet ask?|How do I ask about a picture from the "
     "shell?|Picture on the command line?",
     "With -i: facet ask -i photo.jpg \"What is this?\"",
     "-i",
     {{0}}},
    {"How do I [take a picture away|remove a picture|detach a picture|drop the picture][ again|]?",
     "With /detach.",
     "/detach",
     {{0}}},
    {"Can I [attach|send] [several|more than one|many] pictures?|How do I ask about two pictures?",
     "Yes: attach one after the other. \\[image 1\\] in your text says where the first one stands.",
     "yes",
     {{0}}},
    {"Which [picture|image|file] formats [do you read|can I use|does facet read]?|Can facet read "
     "[PNG|WebP|GIF|JPEG] files?|What kinds of pictures can I attach?",
     "PNG, JPEG, WebP, GIF, BMP and PPM.",
     "PNG",
     {{0}}},
    {"How do I [look closer at a picture|zoom into a picture|choose a region|ask about a part of a "
     "picture]?|Can I ask about one corner of a picture?",
     "$1 looks at the picture, and $2 there chooses a region.",
     "region",
     {{KEYS_INPUT, ACTION_PICTURE}, {KEYS_PICTURE, ACTION_REGION}}},
    {"What are crops?|What is pan and scan?|Why is my picture cut into parts?",
     "A wide or tall picture is sent whole and in parts, so that small things are seen better. "
     "--crops changes it.",
     "--crops",
     {{0}}},
    {"How do I see where you looked[ in the picture|]?|Can I see what you looked at?|Where did the "
     "answer look?",
     "$1 goes to the picture, and $2 there shows where the answer looked.",
     "picture",
     {{KEYS_INPUT, ACTION_PICTURE}, {KEYS_PICTURE, ACTION_LOOKED}}},
    {"How do I show pictures in [full |]pixels?|My terminal shows pictures as characters. "
     "Why?|Does facet use sixel[ or kitty|]?",
     "If the terminal says it can, by kitty's protocol or sixel; FACET_PICTURES sets it.",
     "FACET_PICTURES",
     {{0}}},
    {"[Is there|Do you have] an example[ picture|]?|Show me an example.|What can I try?|I have no "
     "picture.|Do you have a picture to try?",
     "$1 puts an example into the input: a picture and a question.",
     "$1",
     {{KEYS_INPUT, ACTION_EXAMPLE}}},
    /* models */
    {"What is facet-small?|Which model ships with facet?|Which model answers if I give none?",
     "The very small model that ships with facet: I am it. It knows drawn things, and facet.",
     "ships with facet",
     {{0}}},
    {"How do I get [a real Gemma 3|the real Gemma 3|a better model|a bigger model|a larger "
     "model]?|How can I use [a real|another|a larger|a better] model?|Can I run a larger "
     "model?|You are too small. What else is there?",
     "Download a GGUF file of Gemma 3 with its mmproj file, put both into "
     "~/.local/share/facet/models, or give the model with -m FILE.",
     "GGUF",
     {{0}}},
    {"Where do [models|model files] go?|Where do I put a model?|Where does facet look for models?",
     "Into ~/.local/share/facet/models; or give one with -m FILE.",
     "models",
     {{0}}},
    {"Which models can facet run?|Which models are there?|What models does facet know?|Which sizes "
     "of Gemma 3 are there?",
     "Gemma 3 in all sizes: 270M, 1B, 4B, 12B and 27B. Those from 4B on see pictures.",
     "Gemma 3",
     {{0}}},
    {"What is an mmproj file?|What is the projector file[ for|]?",
     "It holds the part of the model that sees pictures. facet finds it beside the model, or "
     "--mmproj names it.",
     "pictures",
     {{0}}},
    {"How much memory [does a model need|do I need|does the 4B need]?|Will a 4B model fit?",
     "A 4B model in 4 bits wants 4 GB, 27B 20 GB. facet models show FILE tells.",
     "4 GB",
     {{0}}},
    {"Do I need a GPU?|Does facet use the graphics card?|Can it run on a CPU[ alone|]?",
     "No GPU is needed: facet computes on the CPU.",
     "CPU",
     {{0}}},
    {"How fast [is facet here|would a 4B model be]?|How do I measure the speed?",
     "facet bench --shape 4b:q4_0 measures it, without the model.",
     "bench",
     {{0}}},
    {"Can it be [faster|made faster]?|How do I make answers faster?",
     "Give a small model of the same vocabulary with --draft; the text stays the same.",
     "--draft",
     {{0}}},
    /* ways to use it */
    {"What is facet?|What [does facet do|can facet do|is this program]?|Tell me about facet.",
     "facet is a program to talk with Gemma 3 about text and pictures, in a terminal, on your own "
     "machine.",
     "Gemma 3",
     {{0}}},
    {"Is facet private?|[Does|Is] anything [leave|sent from] my machine?|Do you send my data "
     "[away|to the internet]?|Who reads what I write?|Is this online?",
     "Nothing leaves your machine.",
     "nothing leaves",
     {{0}}},
    {"How do I ask one question [from the shell|and leave]?|Can I use facet in a script?|How do I "
     "use facet in a pipe?",
     "With facet ask \"...\"; what comes on standard input is part of the question.",
     "facet ask",
     {{0}}},
    {"How do I [caption|describe|ask about] [many pictures|a folder of pictures|all my "
     "photos]?|Can facet work through a folder?|How do I run a batch?",
     "With facet batch photos/ -p \"Caption this.\" -o out.jsonl",
     "facet batch",
     {{0}}},
    {"Is there a [line mode|mode without the full screen]?|How do I use facet without the full "
     "screen?",
     "Yes: facet chat --line.",
     "--line",
     {{0}}},
    {"Does facet work with a screen reader?|Is facet accessible?|I use a screen reader.",
     "Yes: --plain, or ACCESSIBLE=1, gives plain lines.",
     "--plain",
     {{0}}},
    {"Is there a manual?|Where is the [manual|documentation|help]?|How do I get help?|Help[!|]",
     "$1 lists the keys, facet help the commands, and man facet has the rest.",
     "$1",
     {{KEYS_INPUT, ACTION_HELP}}},
    {"Which keys are there?|How do I see all keys?|Where is the list of keys?|What are the keys?",
     "$1 lists them all.",
     "$1",
     {{KEYS_INPUT, ACTION_HELP}}},
    {"How do I open the [command |]palette?|Which key opens the [command |]palette?|How do I find "
     "what can be done?|Where is the palette?",
     "$1 opens it.",
     "$1",
     {{KEYS_INPUT, ACTION_PALETTE}}},
    {"How do I [change|bind] [a key|the keys|my own keys]?|Can I have other keys?",
     "Under \\[keys\\] in facet.conf; facet help keys shows how.",
     "facet.conf",
     {{0}}},
    {"How do I [quit|leave|exit|close facet|get out]?|How do I [quit|leave] this program?",
     "With /quit, or $1 with nothing written.",
     "/quit",
     {{KEYS_INPUT, ACTION_DELETE_OR_QUIT}}},
    {"How do I [stop|cancel|interrupt] [you|an answer|the answer]?|You talk too long. How do I "
     "stop that?",
     "$1 stops the answer.",
     "$1",
     {{KEYS_INPUT, ACTION_CANCEL}}},
    {"How do I [begin|start|write|get] a new line?|How do I write several lines?",
     "$1 begins a new line.",
     "$1",
     {{KEYS_INPUT, ACTION_NEWLINE}}},
    {"How do I [copy|take] an answer?|How do I copy text?",
     "Tab goes to the text, and $1 there copies it.",
     "$1",
     {{KEYS_TRANSCRIPT, ACTION_COPY}}},
    {"How do I edit my [question|message]?|I made a mistake in my question.",
     "With /edit, or $1 while reading.",
     "/edit",
     {{KEYS_TRANSCRIPT, ACTION_EDIT}}},
    {"How do I get another answer?|Can you answer again?|How do I regenerate?",
     "With /regen, or $1 while reading.",
     "/regen",
     {{KEYS_TRANSCRIPT, ACTION_REGENERATE}}},
    {"Your answer was cut. How do I go on?|How do I continue an answer?",
     "With /continue.",
     "/continue",
     {{0}}},
    {"How do I write in my [own |]editor?|Can I use vim to write?",
     "Ctrl-X Ctrl-E opens \\$EDITOR.",
     "Ctrl-X Ctrl-E",
     {{0}}},
    {"Does the mouse work?|How do I use the mouse?", "With --mouse.", "--mouse", {{0}}},
    /* conversations */
    {"How do I [begin|start] a new conversation?|How do I start over?",
     "With /new, or $1.",
     "/new",
     {{KEYS_INPUT, ACTION_NEW}}},
    {"Where are [my|the] conversations[ kept|]?|Where is the history?|Where is what I said kept?",
     "In ~/.local/share/facet/history.db, which you alone can read.",
     "history.db",
     {{0}}},
    {"How do I see [my|old|all] conversations?|Where are my old chats?",
     "$1 goes to the conversations; facet history list prints them.",
     "conversations",
     {{KEYS_INPUT, ACTION_CONVERSATIONS}}},
    {"How do I [find|search] [something|words] [I said|in my conversations|in old chats]?|Can I "
     "search my conversations?",
     "$1 finds words in all conversations, as /find does.",
     "/find",
     {{KEYS_INPUT, ACTION_FIND}}},
    {"How do I keep nothing?|How do I turn the history off?|Can I chat without a history?",
     "With --no-history.",
     "--no-history",
     {{0}}},
    {"How do I delete [a|this|the whole] conversation?",
     "With /discard; for 30 days it can be brought back.",
     "/discard",
     {{0}}},
    {"How do I [bring back|undelete] a [deleted |]conversation?|I deleted a conversation by "
     "mistake.",
     "facet history undelete N brings it back, for 30 days.",
     "undelete",
     {{0}}},
    {"How do I [save|export] [this|a|the] conversation?|Can I export my chats?",
     "With /export FILE, as Markdown, HTML or JSON; facet history export writes all.",
     "/export",
     {{0}}},
    {"Can I import [from ChatGPT|other chats|conversations]?|How do I import?",
     "facet history import FILE reads its own JSON, ChatGPT's exports and oterm's store.",
     "import",
     {{0}}},
    {"What if the context is full?|The context is full[.|!]|What fills the context?",
     "$1 shows what fills it, and leaves turns out. --ctx N makes it longer.",
     "--ctx",
     {{KEYS_INPUT, ACTION_CONTEXT}}},
    {"How do I [get|give] the same answer again?|How do I prove an answer?|What does facet replay "
     "do?",
     "facet replay N gives the last answer of conversation N again and compares.",
     "replay",
     {{0}}},
    {"How do I always get the same text?|How do I make answers repeatable?|Can answers be "
     "deterministic?",
     "With --seed N, or --temperature 0.",
     "--seed",
     {{0}}},
    {"How do I see how sure you were?|Can I see how sure you are[ of each word|]?",
     "With --confidence: $1 while reading shades each word.",
     "--confidence",
     {{KEYS_TRANSCRIPT, ACTION_SHADE}}},
    /* settings */
    {"Where is the [configuration|config|configuration file|config file|settings file]?|How do I "
     "configure facet?|Where do settings go?",
     "In ~/.config/facet/facet.conf; facet help config prints a complete one.",
     "facet.conf",
     {{0}}},
    {"How do I [change|set] the [system prompt|system text]?|How do I tell you how to behave?",
     "With /system TEXT, or -s TEXT.",
     "/system",
     {{0}}},
    {"How do I change [the theme|the colours|colours]?|Which themes are there?|Is there a "
     "[dark|light] theme?",
     "$1 chooses a theme, as /theme does; facet help themes lists them.",
     "/theme",
     {{KEYS_INPUT, ACTION_THEME}}},
    {"What are presets?|Which presets are there?|What is a preset?",
     "Options under a name: describe, ocr, alt-text and translate are there. -p NAME takes one.",
     "describe",
     {{0}}},
    {"What is kept in the cache?|How do I empty the cache?|How big is the cache?",
     "What was computed of pictures and conversations. facet cache show tells, facet cache clear "
     "removes it.",
     "facet cache",
     {{0}}},
    {"How do I see the tokens of a text?|What are tokens?",
     "Tokens are the pieces that I read and write; facet inspect tokens TEXT shows them.",
     "tokens",
     {{0}}},
    {"How do I see the [exact |]prompt?", "With --dry-run.", "--dry-run", {{0}}},
    /* exit codes */
    {"What are the exit [codes|statuses]?|Which exit codes are there?|What does facet return?",
     "0 done; 1 failed; 2 wrong usage; 3 some items of a batch failed; 130 interrupted.",
     "wrong usage",
     {{0}}},
    {"What [does|is] exit [code|status] 0[ mean|]?", "Done.", "done", {{0}}},
    {"What [does|is] exit [code|status] 1[ mean|]?", "Failed.", "failed", {{0}}},
    {"What [does|is] exit [code|status] 2[ mean|]?", "Wrong usage.", "wrong usage", {{0}}},
    {"What [does|is] exit [code|status] 3[ mean|]?",
     "Some items of a batch failed.",
     "some items of a batch",
     {{0}}},
    {"What [does|is] exit [code|status] 130[ mean|]?", "Interrupted.", "interrupted", {{0}}},
    /* about the program */
    {"What licence [has facet|does facet have]?|Is facet free software?|Which license is it?",
     "The source is under the MIT licence.",
     "MIT",
     {{0}}},
    {"What is facet written in?|Which language is facet written in?", "In C.", "C", {{0}}},
    {"How do I build facet?|How do I install facet?",
     "make builds it, make install installs it.",
     "make",
     {{0}}},
};

/* A question may begin with where it belongs. */
static char *ask(struct talk *t, const char *pattern)
{
    char *text = say(t->r, pattern);
    bool fits = strncmp(text, "How ", 4) == 0 || strncmp(text, "Where ", 6) == 0;
    if (!fits || random_chance(t->r, 0.8))
        return text;
    text[0] = (char)tolower((unsigned char)text[0]);
    char *whole = say(t->r, "In facet, $1|facet: $1|Please tell me: $1", text);
    free(text);
    return whole;
}

void talk_faq(struct talk *t)
{
    const struct question *q = &questions[random_below(t->r, sizeof questions / sizeof *questions)];
    char keys[2][KEY_NAME_BYTES] = {"", ""};
    for (int i = 0; i < 2; i++)
        if (q->keys[i].action != ACTION_NONE)
            keys_first(q->keys[i].context, q->keys[i].action, keys[i]);
    char *key = say(t->r, q->key, keys[0], keys[1]);
    talk_add(t, "facet", ask(t, q->ask), say(t->r, q->answer, keys[0], keys[1]), key);
    free(key);
}

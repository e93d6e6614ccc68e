/* Ordinary words of 2 to 8 letters. */
#ifndef TRAIN_WORDS_LIST_H
#define TRAIN_WORDS_LIST_H

static const char word_list[][9] = {
    "apple", "river", "stone", "cloud", "bread", "chair", "table", "window", "garden", "house",
    "street", "bridge", "paper", "pencil", "letter", "flower", "forest", "mountain", "ocean",
    "island", "summer", "winter", "spring", "autumn", "monday", "friday", "sunday", "morning",
    "evening", "night", "light", "dark", "water", "fire", "earth", "wind", "rain", "snow",
    "storm", "sun", "moon", "star", "sky", "tree", "leaf", "root", "branch", "seed", "grass",
    "field", "farm", "barn", "horse", "sheep", "goat", "cow", "pig", "duck", "goose", "hen",
    "dog", "cat", "mouse", "rabbit", "fox", "wolf", "bear", "lion", "tiger", "eagle", "owl",
    "robin", "crow", "fish", "whale", "shark", "crab", "shell", "sand", "beach", "wave", "boat",
    "ship", "sail", "anchor", "harbor", "train", "plane", "truck", "wagon", "wheel", "engine",
    "motor", "road", "path", "trail", "gate", "fence", "wall", "roof", "door", "floor", "stairs",
    "kitchen", "oven", "stove", "plate", "bowl", "cup", "glass", "spoon", "fork", "knife",
    "bottle", "basket", "box", "bag", "coat", "hat", "shoe", "sock", "shirt", "dress", "belt",
    "ring", "watch", "clock", "bell", "drum", "flute", "piano", "guitar", "song", "dance",
    "music", "poem", "story", "book", "page", "word", "line", "circle", "square", "number",
    "seven", "eight", "nine", "ten", "hundred", "first", "second", "third", "last", "begin",
    "start", "stop", "open", "close", "push", "pull", "turn", "left", "right", "up", "down",
    "over", "under", "near", "far", "high", "low", "long", "short", "tall", "wide", "narrow",
    "deep", "thick", "thin", "heavy", "hard", "soft", "warm", "cold", "hot", "cool", "wet",
    "dry", "clean", "dirty", "new", "old", "young", "fast", "slow", "early", "late", "quick",
    "quiet", "loud", "sharp", "smooth", "rough", "sweet", "sour", "bitter", "salt", "sugar",
    "honey", "milk", "butter", "cheese", "cream", "egg", "lemon", "orange", "cherry", "peach",
    "plum", "grape", "melon", "berry", "onion", "carrot", "potato", "tomato", "pepper", "bean",
    "corn", "rice", "wheat", "flour", "soup", "salad", "sandwich", "cake", "cookie", "pie",
    "candy", "tea", "coffee", "juice", "wine", "beer", "market", "shop", "store", "bank",
    "school", "church", "tower", "castle", "palace", "museum", "library", "hotel", "office",
    "factory", "station", "airport", "hospital", "theater", "cinema", "stage", "ticket",
    "passport", "money", "coin", "price", "sale", "gift", "card", "king", "queen", "prince",
    "knight", "soldier", "doctor", "nurse", "teacher", "student", "farmer", "baker", "butcher",
    "tailor", "painter", "writer", "singer", "driver", "pilot", "sailor", "captain", "judge",
    "lawyer", "mother", "father", "sister", "brother", "uncle", "aunt", "cousin", "friend",
    "guest", "baby", "child", "girl", "boy", "woman", "man", "people", "head", "face", "eye",
    "ear", "nose", "mouth", "tooth", "tongue", "neck", "arm", "hand", "finger", "leg", "knee",
    "foot", "heart", "brain", "blood", "bone", "skin", "hair",
};

#endif

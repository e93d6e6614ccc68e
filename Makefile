# facet: `make` builds build/facet. `make help` lists the rest.
#
# B is the build folder; variants have their own (build-asan, build-tsan), so nothing is ever cleaned
# to change flags. Headers are tracked by -MMD.

B       ?= build
ifeq ($(origin CC),default)
CC      := gcc
endif
PREFIX  ?= /usr/local
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)

WARN    := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
           -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wno-format-nonliteral
OPT     ?= -O3 -g
CFLAGS  ?=
LDFLAGS ?=
SAN     ?=

PKGS    := ncursesw readline libpng libjpeg libwebp libwebpdemux sqlite3 jansson libutf8proc nettle libseccomp libcmark-gfm chafa
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
ALL_CFLAGS  = -std=c11 -D_GNU_SOURCE -I. $(WARN) $(OPT) -fno-math-errno -ffp-contract=off -pthread $(PKG_CFLAGS) $(SAN) $(CFLAGS)

ENGINE_LIBS := $(shell pkg-config --libs jansson libutf8proc nettle 2>/dev/null) -lm -ldl -pthread
IMAGE_LIBS  := $(shell pkg-config --libs libpng libjpeg libwebp libwebpdemux 2>/dev/null) -lgif
ALL_LIBS    := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lcmark-gfm-extensions -lgif -lm -ldl -pthread

ARCH := $(shell $(CC) -dumpmachine 2>/dev/null | cut -d- -f1)
X86_ONLY := $(wildcard engine/kernels/avx*.c)
ARM_ONLY := $(wildcard engine/kernels/neon*.c)
SKIP := $(if $(filter x86_64,$(ARCH)),$(ARM_ONLY),$(if $(filter aarch64,$(ARCH)),$(X86_ONLY),$(ARM_ONLY) $(X86_ONLY)))

src = $(filter-out $(SKIP),$(wildcard $(1)/*.c))
obj = $(patsubst %.c,$(B)/%.o,$(1))

BASE    := $(call obj,$(call src,base))
ENGINE  := $(call obj,$(call src,engine) $(call src,engine/kernels))
IMAGE   := $(call obj,$(call src,image))
HISTORY := $(call obj,$(call src,history))
CHAT    := $(call obj,$(call src,chat)) $(B)/chat/shipped.o
TUI     := $(call obj,$(call src,tui)) $(B)/tui/names.o
CLI     := $(call obj,$(call src,cli))
LIBFACET := $(B)/libfacet.a

$(B)/facet: $(CLI) $(TUI) $(CHAT) $(HISTORY) $(IMAGE) $(LIBFACET)
	@echo "  LD    $@"
	$(Q)$(CC) $(OPT) $(SAN) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(LIBFACET): $(ENGINE) $(BASE)
	@echo "  AR    $@"
	$(Q)rm -f $@; ar rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(ALL_CFLAGS) $(EXTRA) -MMD -MP -c -o $@ $<

# Themes and presets are compiled in from their files.
$(B)/chat/shipped.c: tools/embed.sh $(wildcard themes/*.theme presets/*.preset)
	@mkdir -p $(@D)
	$(Q)sh $^ >$@
# Actions and contexts are called in facet.conf what they are called in the source.
$(B)/tui/names.c: tui/keys.h tools/enum_names.awk
	@mkdir -p $(@D)
	$(Q)echo '#include "tui/bindings.h"' >$@
	$(Q)awk -f tools/enum_names.awk -v enum=action -v prefix=ACTION_ -v array=action_names $< >>$@
	$(Q)awk -f tools/enum_names.awk -v enum=key_context -v prefix=KEYS_ -v array=context_names $< >>$@
$(B)/chat/shipped.o $(B)/tui/names.o: %.o: %.c
	@echo "  CC    $<"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Only these files are compiled for an instruction set; dispatch.c picks at run time.
kernel_objs = $(patsubst %.c,$(B)/%.o,$(wildcard engine/kernels/$(1)*.c))
$(call kernel_objs,avx2): EXTRA := -mavx2 -mfma -mf16c
$(call kernel_objs,avx512): EXTRA := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx512vbmi -mfma -mf16c -mprefer-vector-width=512
$(call kernel_objs,avx512_bf16) $(call kernel_objs,avx512_int8): EXTRA += -mavx512bf16
$(call kernel_objs,neon): EXTRA := -march=armv8.2-a+dotprod+fp16

# ---- Tests ----

SUPPORT := $(call obj,$(call src,tests/support) tools/gguf_write.c tools/gguf_gemma.c)
link = $(Q)mkdir -p $(@D); echo "  LD    $@"; $(CC) $(OPT) $(SAN) $(LDFLAGS) -o $@ $^

# tests/unit/test_NAME.c each make one program on cmocka; the others there are what several set up.
UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))
UNIT_SUPPORT := $(call obj,$(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c)))
$(B)/tests/libunit.a: $(UNIT_SUPPORT)
	$(Q)rm -f $@; ar rcs $@ $^
TEST_LIBS  := $(B)/tests/libtests.a $(LIBFACET)
$(B)/tests/libtests.a: $(SUPPORT) $(CHAT) $(HISTORY) $(IMAGE)
	@mkdir -p $(@D)
	$(Q)rm -f $@; ar rcs $@ $^
$(UNIT_TESTS): $(B)/tests/%: $(B)/tests/unit/%.o $(B)/tests/libunit.a $(TEST_LIBS)
	$(link) -lcmocka $(ALL_LIBS)

# tests/golden/NAME_golden.c: each runs the cases of a golden folder.
GOLDEN_TESTS := $(patsubst tests/golden/%.c,$(B)/tests/%,$(wildcard tests/golden/*_golden.c))
$(GOLDEN_TESTS): $(B)/tests/%: $(B)/tests/golden/%.o $(TEST_LIBS)
	$(link) $(ALL_LIBS)

# tests/screen: panes on a scripted chat, and the real program in a terminal emulator.
SCREEN_TESTS := $(patsubst tests/screen/%.c,$(B)/tests/%,$(wildcard tests/screen/test_*.c))
SCREEN_SUPPORT := $(call obj,$(filter-out tests/screen/test_%,$(wildcard tests/screen/*.c)))
$(SCREEN_TESTS): $(B)/tests/%: $(B)/tests/screen/%.o $(SCREEN_SUPPORT) $(TUI) $(TEST_LIBS)
	$(link) -lvterm -lutil $(ALL_LIBS)

# A small random model, for tests.
TINY := $(B)/tiny/tiny.gguf
$(B)/tiny_model: $(B)/tools/tiny_model.o $(TEST_LIBS)
	$(link) $(ALL_LIBS)
$(TINY): $(B)/tiny_model
	@mkdir -p $(@D)
	$(Q)$(B)/tiny_model $(TINY) $(B)/tiny/mmproj-tiny.gguf

GOLDEN ?= $(firstword $(wildcard $(FACET_GOLDEN) ../shared/golden))

# With the program and every test built: runs them, and ends with "N passed, N failed".
test-built: $(B)/facet $(TINY) $(UNIT_TESTS) $(GOLDEN_TESTS) $(SCREEN_TESTS)
	$(Q)FACET="$(abspath $(B)/facet)" TINY="$(abspath $(TINY))" B="$(abspath $(B))" CC="$(CC)" SAN="$(SAN)" \
	    TINY_MMPROJ="$(abspath $(B)/tiny/mmproj-tiny.gguf)" GOLDEN="$(GOLDEN)" sh tests/run.sh

# Manual pages that say what is in the program's tables, and in the library's header.
MANUALS := $(patsubst %.in,$(B)/%,$(wildcard man/*.in))
$(B)/man/libfacet.3: man/libfacet.3.in engine/facet.h tools/header_man.awk
	@mkdir -p $(@D)
	$(Q)awk -f tools/header_man.awk engine/facet.h >$@.body
	$(Q)sed -e '/^@HEADER@$$/{r $@.body' -e 'd;}' $< >$@
$(B)/manual: $(B)/tools/manual.o $(TUI) $(TEST_LIBS)
	$(link) $(ALL_LIBS)
$(filter-out %.3,$(MANUALS)): $(B)/%: %.in $(B)/manual
	@mkdir -p $(@D)
	$(Q)$(B)/manual <$< >$@
man: $(MANUALS)

# The full screen in every theme, drawn from the emulator's cells.
$(B)/tools/screenshot/%.o: EXTRA := $(shell pkg-config --cflags freetype2 2>/dev/null)
$(B)/screenshot: $(B)/tools/screenshot/screenshot.o $(SCREEN_SUPPORT) $(TUI) $(TEST_LIBS)
	$(link) -lvterm -lutil -lfreetype $(ALL_LIBS)
screenshots: test-deps
	$(call install_debs,$(SHOT_DEBS))
	$(Q)$(MAKE) --no-print-directory $(B)/screenshot
	$(Q)mkdir -p man/screenshots
	$(Q)$(B)/screenshot man/screenshots "$(abspath tests/data/wide.png)" $(patsubst themes/%.theme,%,$(wildcard themes/*.theme))

# ---- The model that ships ----

# The trainer draws with cairo, which facet itself does not need. It runs where it was built.
TRAIN := $(call obj,$(wildcard train/*.c))
TRAIN_PKGS := cairo
TRAIN_LIBS := $(shell pkg-config --libs $(TRAIN_PKGS) 2>/dev/null)
$(B)/train/%.o: EXTRA := -march=native $(shell pkg-config --cflags $(TRAIN_PKGS) 2>/dev/null)
$(addprefix $(B)/train/,ops.o attend.o finder.o): EXTRA += -ffast-math -ffp-contract=fast
$(B)/trainer: $(TRAIN) $(TUI) $(TEST_LIBS)
	$(link) $(TRAIN_LIBS) $(ALL_LIBS)

# tests/train/test_NAME.c: programs on all of the trainer.
TRAIN_TESTS := $(patsubst tests/train/%.c,$(B)/tests/%,$(wildcard tests/train/test_*.c))
$(TRAIN_TESTS): $(B)/tests/%: $(B)/tests/train/%.o $(filter-out $(B)/train/main.o,$(TRAIN)) $(TUI) $(TEST_LIBS)
	$(link) -lcmocka $(TRAIN_LIBS) $(ALL_LIBS)
test-built: $(TRAIN_TESTS)

# Its vocabulary: Gemma's control tokens, runs of newlines and spaces, bytes, visible ASCII, and pieces of
# what the samples and facet's own pages say. It is made once: weights that were learned go with it.
CORPUS_SAMPLES ?= 20000
controls := <start_of_turn>,<end_of_turn>,<start_of_image>,<end_of_image>,<image_soft_token>
runs := \n,\n\n,\n\n\n,\n\n\n\n,\t,▁▁,▁▁▁,▁▁▁▁,▁▁▁▁▁,▁▁▁▁▁▁,▁▁▁▁▁▁▁,▁▁▁▁▁▁▁▁
$(B)/model/corpus.txt: | $(B)/trainer
	@mkdir -p $(@D)
	$(Q)$(B)/trainer corpus out=$@.new n=$(CORPUS_SAMPLES)
	$(Q)cat README.md >>$@.new
	$(Q)sed -e 's/^\.[A-Za-z]* *//' -e 's/\\f[A-Z]//g' -e 's/\\//g' $(wildcard man/*.[1-9]) >>$@.new
	$(Q)mv $@.new $@
$(B)/model/spm.model: $(B)/model/corpus.txt
	$(Q)spm_train --minloglevel=2 --num_threads=1 --input=$< --model_prefix=$(@:.model=) --model_type=bpe \
	    --vocab_size=4096 --character_coverage=1 --byte_fallback --split_digits \
	    --normalization_rule_name=identity --add_dummy_prefix=false --remove_extra_whitespaces=false \
	    --pad_id=0 --eos_id=1 --bos_id=2 --unk_id=3 --pad_piece='<pad>' --eos_piece='<eos>' --bos_piece='<bos>' \
	    --control_symbols='$(controls)' --user_defined_symbols="$$(printf '$(runs)')"
$(B)/model/vocabulary.gguf: $(B)/model/spm.model | $(B)/trainer
	$(Q)$(B)/trainer vocabulary spm=$< out=$@

# All of it, from nothing (train/README.md): a vocabulary; a tower, and a teacher that speaks of what it sees; a student with
# that tower, which learns from the teacher and is rounded at the end. About a day on two cores. Interrupted, it goes on
# where it was when called again.
SIGHT_STEPS ?= 9000
TEACHER_STEPS ?= 3500
STUDENT_STEPS ?= 3500
ROUNDED_STEPS ?= 400
LEARN = $(B)/trainer learn words=$(B)/model/vocabulary.gguf
model: model-deps
	$(Q)$(MAKE) --no-print-directory model-built
model-built: $(B)/trainer $(B)/model/vocabulary.gguf
	$(Q)$(LEARN) shape=teacher out=$(B)/model/teacher sight=$(SIGHT_STEPS) rests_from=$$(($(SIGHT_STEPS) + 1500)) \
	    steps=$$(($(SIGHT_STEPS) + $(TEACHER_STEPS))) fall=1500
	$(Q)$(LEARN) shape=student out=$(B)/model/student sight=0 rests_from=0 tower=$(B)/model/teacher/checkpoint \
	    teacher=$(B)/model/teacher/checkpoint steps=$(STUDENT_STEPS) hard_from=$$(($(STUDENT_STEPS) / 2)) \
	    fall=$$(($(STUDENT_STEPS) / 2)) round=q8_0 round_from=$$(($(STUDENT_STEPS) - $(ROUNDED_STEPS)))
	$(Q)$(B)/trainer export from=$(B)/model/student/checkpoint spm=$(B)/model/spm.model \
	    out=$(B)/model/facet-small.gguf mmproj=$(B)/model/mmproj-facet-small.gguf tower=q8_0
	$(Q)$(B)/trainer score model=$(B)/model/facet-small.gguf

# Whether the recipe in PyTorch (train/gpu) gives the numbers of the one here.
same: model-deps
	$(call install_debs,python3-torch)
	$(Q)$(MAKE) --no-print-directory $(B)/trainer $(B)/model/vocabulary.gguf
	$(Q)/usr/bin/python3 train/gpu/same.py $(B)/trainer $(B)/model/vocabulary.gguf $(B)/model/same

# ---- For people ----

DEBS := gcc make pkg-config libncurses-dev libreadline-dev libopenblas0-pthread libpng-dev libjpeg62-turbo-dev \
        libwebp-dev libgif-dev libsqlite3-dev libjansson-dev libutf8proc-dev \
        nettle-dev libseccomp-dev libcmark-gfm-dev libcmark-gfm-extensions-dev libchafa-dev libglib2.0-dev
TEST_DEBS := libcmocka-dev libvterm-dev tmux groff
SHOT_DEBS := libfreetype-dev fonts-dejavu-core
TRAIN_FONTS := dejavu-core dejavu-extra liberation freefont-ttf lato open-sans roboto-unhinted crosextra-caladea cantarell \
               quicksand comfortaa cabin play dosis jura tuffy league-spartan inconsolata courier-prime sil-gentium \
               gfs-didot gfs-artemisia gfs-neohellenic b612 comic-neue go jetbrains-mono crosextra-carlito vollkorn \
               ebgaramond linuxlibertine ocr-b hack mononoki monofur 3270 beteckna prociono
TRAIN_DEBS := libcairo2-dev sentencepiece $(addprefix fonts-,$(TRAIN_FONTS))

all: $(B)/facet $(LIBFACET)

run: deps
	$(Q)$(MAKE) --no-print-directory $(B)/facet
	$(Q)$(B)/facet $(if $(MODEL),-m "$(MODEL)")

test: test-deps
	$(Q)$(MAKE) --no-print-directory test-built

# Packages that are missing, from Debian.
missing = $(shell dpkg-query -W -f '$${Package} $${Status}\n' $(1) 2>/dev/null | grep -c 'install ok installed')
install_debs = @if [ "$(call missing,$(1))" -ne "$(words $(1))" ]; then \
	echo "  APT   $(1)"; \
	$(if $(filter 0,$(shell id -u)),,sudo) apt-get update -qq && \
	DEBIAN_FRONTEND=noninteractive $(if $(filter 0,$(shell id -u)),,sudo) apt-get install -y -qq --no-install-recommends $(1); fi
deps:
	$(call install_debs,$(DEBS))
test-deps:
	$(call install_debs,$(DEBS) $(TEST_DEBS) $(TRAIN_DEBS))
model-deps:
	$(call install_debs,$(DEBS) $(TRAIN_DEBS))

# Every source of the program and its tests, compiled.
objects: $(CLI) $(TUI) $(CHAT) $(HISTORY) $(IMAGE) $(ENGINE) $(BASE) $(TRAIN) $(SUPPORT) \
         $(call obj,$(wildcard tests/unit/*.c tests/golden/*.c tests/screen/*.c tests/fuzz/*.c tests/bench/*.c tests/train/*.c tools/*.c))

# Layers, manual pages, both compilers, static analysis.
check: test-deps
	$(Q)sh tests/check.sh

# The tests under sanitizers, each in a build folder of its own. -g1 has all that reports name, and
# large kernels compile in two thirds of the time.
ASAN := B=build-asan OPT="-O1 -g1" \
        SAN="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"
asan:
	$(Q)$(MAKE) --no-print-directory $(ASAN) test-built
tsan:
	$(Q)$(MAKE) --no-print-directory B=build-tsan OPT="-O1 -g1" SAN="-fsanitize=thread" tsan-built
tsan-built: $(addprefix $(B)/tests/,test_pool $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_session*.c tests/unit/test_chat*.c)) test_speculate test_store test_many)
	$(Q)n=0; for t in $^; do $$t || exit 1; n=$$((n + 1)); done; echo "$$n passed, 0 failed"

# Mutated files through every parser, FUZZ_RUNS of each seed, under ASan and UBSan.
FUZZ_RUNS ?= 10000
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz:
	$(Q)$(MAKE) --no-print-directory $(ASAN) fuzz-built
fuzz-built: $(FUZZERS)
	$(Q)B="$(B)" RUNS="$(FUZZ_RUNS)" sh tests/fuzz.sh
$(B)/tests/fuzz/%.o: EXTRA := -DFUZZ_MAIN
$(B)/tests/libcli.a: $(filter-out $(B)/cli/main.o,$(CLI))
	@mkdir -p $(@D)
	$(Q)rm -f $@; ar rcs $@ $^
$(FUZZERS): $(B)/tests/%: $(B)/tests/fuzz/%.o $(B)/tests/libcli.a $(TEST_LIBS)
	$(link) -lz $(ALL_LIBS)

# Kernels and whole models beside what the machine can do, and with IK= and MODELS= beside ik_llama.cpp
# (tests/bench/rivals.sh says how). The models' tables are Markdown, for SPEED.md.
BENCHES := $(patsubst tests/bench/%.c,$(B)/tests/%,$(wildcard tests/bench/bench_*.c))
$(BENCHES): $(B)/tests/%: $(B)/tests/bench/%.o $(LIBFACET)
	$(link) $(ENGINE_LIBS)
bench: $(BENCHES) $(B)/facet
	$(Q)for b in $(BENCHES); do $$b || exit 1; done
	$(Q)$(B)/facet bench --shape 270m:q8_0 >$(B)/bench.md
	$(Q)$(B)/facet bench --shape 1b:q8_0 >>$(B)/bench.md
	$(Q)$(B)/facet bench --shape 4b:q4_0 --depth 16,32768 --prompt-tokens 512,2048 --vision --batch 8 >>$(B)/bench.md
	$(Q)$(B)/facet bench --shape 4b:q4_k_m >>$(B)/bench.md
	$(Q)$(B)/facet bench --shape 4b:q8_0 >>$(B)/bench.md
	$(Q)[ -z "$(IK)" ] || IK="$(IK)" FACET="$(B)/facet" sh tests/bench/rivals.sh >>$(B)/bench.md
	$(Q)cat $(B)/bench.md

install: $(B)/facet $(LIBFACET) $(MANUALS)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include \
	    $(addprefix $(DESTDIR)$(PREFIX)/share/man/man,1 3 5 7) $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	    $(DESTDIR)$(PREFIX)/share/facet/themes $(DESTDIR)$(PREFIX)/share/facet/presets \
	    $(DESTDIR)$(PREFIX)/share/facet/models/examples
	install -m 755 $(B)/facet $(DESTDIR)$(PREFIX)/bin/facet
	install -m 644 $(LIBFACET) $(DESTDIR)$(PREFIX)/lib/libfacet.a
	install -m 644 engine/facet.h $(DESTDIR)$(PREFIX)/include/facet.h
	for page in $(wildcard man/*.[1-9]) $(MANUALS); do \
	    install -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/ || exit 1; done
	install -m 644 themes/*.theme $(DESTDIR)$(PREFIX)/share/facet/themes/
	install -m 644 presets/*.preset $(DESTDIR)$(PREFIX)/share/facet/presets/
	install -m 644 models/*.* $(DESTDIR)$(PREFIX)/share/facet/models/
	install -m 644 models/examples/*.png $(DESTDIR)$(PREFIX)/share/facet/models/examples/
	printf 'Name: libfacet\nDescription: Gemma 3 on a CPU\nVersion: %s\nLibs: -L%s/lib -lfacet %s\nCflags: -I%s/include\n' \
	    0.1.0 $(PREFIX) "$(ENGINE_LIBS)" $(PREFIX) > $(DESTDIR)$(PREFIX)/lib/pkgconfig/libfacet.pc
	$(B)/facet completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/facet
uninstall:
	cd $(DESTDIR)$(PREFIX) && rm -f bin/facet lib/libfacet.a lib/pkgconfig/libfacet.pc include/facet.h \
	    share/man/man1/facet*.1 share/man/man3/libfacet.3 share/man/man5/facet*.5 share/man/man7/facet*.7 share/bash-completion/completions/facet && rm -rf share/facet

format:
	clang-format -i $$(git ls-files '*.c' '*.h')
clean:
	rm -rf build build-*

help:
	@echo "make            build/facet and build/libfacet.a"
	@echo "make run        install what is missing, build, and chat (MODEL=file.gguf, else what facet finds)"
	@echo "make test       install what is missing, build, and run every test"
	@echo "make check      layers, man pages, compiler warnings of gcc and clang, static analysis"
	@echo "make asan tsan  the tests under sanitizers"
	@echo "make fuzz       mutated files through every parser (FUZZ_RUNS=10000)"
	@echo "make bench      speed of kernels and models beside the machine's ceilings; models also in B/bench.md"
	@echo "make install    to PREFIX=$(PREFIX); uninstall takes it away"
	@echo "make model      the model that ships, from nothing, in about a day (train/README.md)"
	@echo "make same       whether train/gpu trains as the trainer here does (installs PyTorch)"
	@echo "make man        the manual pages that are made from tables, in B/man"
	@echo "make screenshots  the full screen in every theme, to man/screenshots"
	@echo "make deps format clean"
	@echo "Variables: B=build-folder CC=clang V=1"

.DEFAULT_GOAL := all
.PHONY: all model model-built model-deps same man screenshots objects run test test-built deps test-deps check asan tsan tsan-built fuzz fuzz-built bench \
        install uninstall format clean help
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)

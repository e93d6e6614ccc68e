# facet: `make` builds build/facet. `make help` lists the rest.
#
# B is the build folder; variants have their own (build-asan, build-tsan), so nothing is ever cleaned
# to change flags. Headers are tracked by -MMD.

B       ?= build
CC      ?= gcc
PREFIX  ?= /usr/local
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)

WARN    := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
           -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wno-format-nonliteral
OPT     ?= -O3 -g
CFLAGS  ?=
LDFLAGS ?=
SAN     ?=

PKGS    := ncursesw readline libpng libjpeg libwebp libwebpdemux sqlite3 jansson libutf8proc libcmark-gfm nettle libseccomp
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
ALL_CFLAGS  = -std=c11 -D_GNU_SOURCE -I. $(WARN) $(OPT) -fno-math-errno -ffp-contract=off -pthread $(PKG_CFLAGS) $(SAN) $(CFLAGS)

ENGINE_LIBS := $(shell pkg-config --libs jansson libutf8proc nettle 2>/dev/null) -lm -ldl -pthread
IMAGE_LIBS  := $(shell pkg-config --libs libpng libjpeg libwebp libwebpdemux 2>/dev/null) -lgif
ALL_LIBS    := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lgif -lm -ldl -pthread

ARCH := $(shell $(CC) -dumpmachine | cut -d- -f1)
X86_ONLY := $(wildcard engine/kernels/avx*.c)
ARM_ONLY := $(wildcard engine/kernels/neon*.c)
SKIP := $(if $(filter x86_64,$(ARCH)),$(ARM_ONLY),$(if $(filter aarch64,$(ARCH)),$(X86_ONLY),$(ARM_ONLY) $(X86_ONLY)))

src = $(filter-out $(SKIP),$(wildcard $(1)/*.c))
obj = $(patsubst %.c,$(B)/%.o,$(1))

BASE    := $(call obj,$(call src,base))
ENGINE  := $(call obj,$(call src,engine) $(call src,engine/kernels))
IMAGE   := $(call obj,$(call src,image))
HISTORY := $(call obj,$(call src,history))
CHAT    := $(call obj,$(call src,chat))
TUI     := $(call obj,$(call src,tui))
CLI     := $(call obj,$(call src,cli))
LIBFACET := $(B)/libfacet.a

all: $(B)/facet $(LIBFACET)

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

# Only these files are compiled for an instruction set; dispatch.c picks at run time.
kernel_objs = $(patsubst %.c,$(B)/%.o,$(wildcard engine/kernels/$(1)*.c))
$(call kernel_objs,avx2): EXTRA := -mavx2 -mfma -mf16c
$(call kernel_objs,avx512): EXTRA := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx512vbmi -mfma -mf16c -mprefer-vector-width=512
$(call kernel_objs,neon): EXTRA := -march=armv8.2-a+dotprod+fp16

# tests/unit/test_NAME.c each make one program on cmocka.
UNIT := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))
TEST_LIBS := $(CHAT) $(HISTORY) $(IMAGE) $(LIBFACET)
$(B)/tests/test_%: $(B)/tests/unit/test_%.o $(TEST_LIBS)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(OPT) $(SAN) $(LDFLAGS) -o $@ $^ -lcmocka $(ALL_LIBS)

# tests/golden/NAME_golden.c: each runs the cases of a golden folder.
GOLDEN_TESTS := $(patsubst tests/golden/%.c,$(B)/tests/%,$(wildcard tests/golden/*_golden.c))
$(B)/tests/%_golden: $(B)/tests/golden/%_golden.o $(TEST_LIBS)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(OPT) $(SAN) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

.PHONY: all
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)

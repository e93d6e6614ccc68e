/* The step that draws curves on the terminal: words' loss by steps, of up to four runs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "train/steps.h"

enum { COLUMNS = 72, ROWS = 20, MAX_CURVES = 4, MAX_BYTES = 1 << 26 };
static const char marks[MAX_CURVES] = {'o', '+', 'x', '.'};

struct curve {
    const char *path;
    double *step, *loss;
    size_t n;
};

/* Lines "step,loss,…". */
static bool read_curve(struct curve *c, const char *path, struct err *err)
{
    size_t size;
    char *text = file_read(path, MAX_BYTES, &size, err);
    if (!text)
        return false;
    *c = (struct curve){.path = path};
    for (char *line = text, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        next += *next == '\n';
        char *end;
        const double step = strtod(line, &end);
        if (*end != ',')
            continue;
        c->step = mem_grow(c->step, c->n + 1, sizeof *c->step);
        c->loss = mem_grow(c->loss, c->n + 1, sizeof *c->loss);
        c->step[c->n] = step;
        c->loss[c->n++] = strtod(end + 1, NULL);
    }
    free(text);
    return c->n || err_set(err, "%s: has no lines of a curve", path);
}

/* The loss on a scale of logarithms, since most of it is lost early. */
struct scale {
    double last_step, low, high;
};

static struct scale scale_of(const struct curve *curves, size_t n)
{
    struct scale s = {1, INFINITY, 0};
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < curves[i].n; j++) {
            s.last_step = fmax(s.last_step, curves[i].step[j]);
            s.low = fmin(s.low, curves[i].loss[j]);
            s.high = fmax(s.high, curves[i].loss[j]);
        }
    s.low = log(fmax(s.low, 1e-3));
    s.high = fmax(log(fmax(s.high, 1e-3)), s.low + 1e-3);
    return s;
}

static void put_curve(char grid[ROWS][COLUMNS], const struct curve *c, const struct scale *s,
                      char mark)
{
    for (size_t j = 0; j < c->n; j++) {
        const double x = c->step[j] / s->last_step * (COLUMNS - 1),
                     y = (s->high - log(fmax(c->loss[j], 1e-3))) / (s->high - s->low) * (ROWS - 1);
        grid[(size_t)(y + 0.5)][(size_t)(x + 0.5)] = mark;
    }
}

static void draw(const struct curve *curves, size_t n)
{
    char grid[ROWS][COLUMNS];
    memset(grid, ' ', sizeof grid);
    const struct scale s = scale_of(curves, n);
    for (size_t i = n; i-- > 0;)
        put_curve(grid, &curves[i], &s, marks[i]);
    for (size_t y = 0; y < ROWS; y++)
        printf("%8.4f |%.*s\n", exp(s.high - (s.high - s.low) * (double)y / (ROWS - 1)), COLUMNS,
               grid[y]);
    printf("%8s +%.*s\n%10s%-*s%.0f steps\n", "", COLUMNS,
           "------------------------------------------------------------------------", "",
           COLUMNS - 12, "0", s.last_step);
    for (size_t i = 0; i < n; i++)
        printf("%10s%c %s: %.4f at the end\n", "", marks[i], curves[i].path,
               curves[i].loss[curves[i].n - 1]);
}

/* CURVE.csv … */
bool step_plot(int argc, char **argv, struct err *err)
{
    struct curve curves[MAX_CURVES] = {0};
    if (argc < 1 || argc > MAX_CURVES)
        return err_set(err, "plot takes 1 to %d curves", MAX_CURVES);
    bool ok = true;
    for (int i = 0; ok && i < argc; i++)
        ok = read_curve(&curves[i], argv[i], err);
    if (ok)
        draw(curves, (size_t)argc);
    for (int i = 0; i < argc; i++) {
        free(curves[i].step);
        free(curves[i].loss);
    }
    return ok;
}

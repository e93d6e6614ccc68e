#include "train/ops.h"

#include <math.h>

void rms_forward(const float *x, const float *w, float eps, size_t n, size_t d, float *y,
                 float *inverse)
{
    for (size_t t = 0; t < n; t++, x += d, y += d) {
        float squares = 0;
        for (size_t i = 0; i < d; i++)
            squares += x[i] * x[i];
        const float r = inverse[t] = 1 / sqrtf(squares / (float)d + eps);
        for (size_t i = 0; i < d; i++)
            y[i] = x[i] * r * w[i];
    }
}

/* With r = inverse: dx = r (dy·w − x r² mean(dy·w·x)). */
void rms_backward(const float *dy, const float *x, const float *w, const float *inverse, size_t n,
                  size_t d, float *dx, float *dw)
{
    for (size_t t = 0; t < n; t++, x += d, dy += d, dx += d) {
        const float r = inverse[t];
        float along = 0;
        for (size_t i = 0; i < d; i++) {
            along += dy[i] * w[i] * x[i];
            dw[i] += dy[i] * x[i] * r;
        }
        along *= r * r / (float)d;
        for (size_t i = 0; i < d; i++)
            dx[i] = r * (dy[i] * w[i] - x[i] * along);
    }
}

void layer_norm_forward(const float *x, const float *w, const float *b, float eps, size_t n,
                        size_t d, float *y, float *keeps)
{
    for (size_t t = 0; t < n; t++, x += d, y += d) {
        float sum = 0, squares = 0;
        for (size_t i = 0; i < d; i++)
            sum += x[i];
        const float mean = sum / (float)d;
        for (size_t i = 0; i < d; i++)
            squares += (x[i] - mean) * (x[i] - mean);
        const float r = 1 / sqrtf(squares / (float)d + eps);
        for (size_t i = 0; i < d; i++)
            y[i] = (x[i] - mean) * r * w[i] + b[i];
        keeps[2 * t] = mean;
        keeps[2 * t + 1] = r;
    }
}

/* With z = (x − mean) r: dx = r (dy·w − mean(dy·w) − z mean(dy·w·z)). */
void layer_norm_backward(const float *dy, const float *x, const float *w, const float *keeps,
                         size_t n, size_t d, float *dx, float *dw, float *db)
{
    for (size_t t = 0; t < n; t++, x += d, dy += d, dx += d) {
        const float mean = keeps[2 * t], r = keeps[2 * t + 1];
        float level = 0, along = 0;
        for (size_t i = 0; i < d; i++) {
            const float z = (x[i] - mean) * r;
            level += dy[i] * w[i];
            along += dy[i] * w[i] * z;
            dw[i] += dy[i] * z;
            db[i] += dy[i];
        }
        level /= (float)d;
        along /= (float)d;
        for (size_t i = 0; i < d; i++)
            dx[i] += r * (dy[i] * w[i] - level - (x[i] - mean) * r * along);
    }
}

/* ½ (1 + tanh z) = 1 / (1 + e^−2z), z = √(2/π) (x + 0.044715 x³) */
#define TWO_Z(x) (1.5957691216057308f * ((x) + 0.044715f * (x) * (x) * (x)))
#define TWO_Z_SLOPE(x) (1.5957691216057308f * (1 + 3 * 0.044715f * (x) * (x)))

/* Never infinite: this file is compiled with -ffast-math, whose quotients then are not numbers. */
static inline float power(float x)
{
    return expf(fminf(x, 80));
}

static inline float gelu(float x)
{
    return x / (1 + power(-TWO_Z(x)));
}

static inline float gelu_slope(float x)
{
    const float s = 1 / (1 + power(-TWO_Z(x)));
    return s + x * s * (1 - s) * TWO_Z_SLOPE(x);
}

void gelu_forward(const float *x, size_t n, float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = gelu(x[i]);
}

void gelu_backward(float *dy, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dy[i] *= gelu_slope(x[i]);
}

void geglu_forward(const float *gate, const float *up, size_t n, float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = gelu(gate[i]) * up[i];
}

void geglu_backward(const float *dy, float *gate, float *up, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float x = gate[i], s = 1 / (1 + power(-TWO_Z(x)));
        gate[i] = dy[i] * up[i] * (s + x * s * (1 - s) * TWO_Z_SLOPE(x));
        up[i] = dy[i] * x * s;
    }
}

void add_to(float *x, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] += y[i];
}

void add_bias(float *x, const float *b, size_t n, size_t d)
{
    for (size_t t = 0; t < n; t++)
        add_to(x + t * d, b, d);
}

void add_rows(float *sum, const float *x, size_t n, size_t d)
{
    for (size_t t = 0; t < n; t++)
        add_to(sum, x + t * d, d);
}

void turn(float *x, const float *cosine, const float *sine, size_t half, float sign)
{
    for (size_t i = 0; i < half; i++) {
        const float a = x[i], b = x[i + half], s = sign * sine[i];
        x[i] = a * cosine[i] - b * s;
        x[i + half] = b * cosine[i] + a * s;
    }
}

float softmax(float *x, size_t n)
{
    float most = -1e30f, sum = 0;
    for (size_t i = 0; i < n; i++)
        most = x[i] > most ? x[i] : most;
    for (size_t i = 0; i < n; i++)
        x[i] = expf(x[i] - most);
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    const float inverse = 1 / sum;
    for (size_t i = 0; i < n; i++)
        x[i] *= inverse;
    return most + logf(sum);
}

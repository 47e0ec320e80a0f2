/* SPDX-License-Identifier: Apache-2.0 */
/* See plot.h. */
#include "plot.h"

#include <math.h>

#include "markup.h"

enum { WIDTH = 560, HEIGHT = 300, LEFT = 62, RIGHT = 12, TOP = 34, BOTTOM = 46 };
static const double inner_width = WIDTH - LEFT - RIGHT, inner_height = HEIGHT - TOP - BOTTOM;

static void open_svg(FILE *f, const char *id, const char *title, const char *x_title, const char *y_title) {
  (void)fprintf(f, "<svg id=\"%s\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", id, WIDTH, HEIGHT);
  markup_text(f, title);
  (void)fprintf(f, "\">\n<text class=\"title\" x=\"%d\" y=\"18\">", LEFT);
  markup_text(f, title);
  (void)fprintf(f, "</text>\n<text class=\"axis\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">", LEFT + (WIDTH - LEFT - RIGHT) / 2, HEIGHT - 8);
  markup_text(f, x_title);
  (void)fprintf(f, "</text>\n<text class=\"axis\" transform=\"translate(14 %d) rotate(-90)\" text-anchor=\"middle\">", HEIGHT / 2 - 6);
  markup_text(f, y_title);
  (void)fprintf(f, "</text>\n");
}

static void frame(FILE *f) {
  (void)fprintf(f, "<rect class=\"frame\" x=\"%d\" y=\"%d\" width=\"%g\" height=\"%g\"/>\n</svg>\n", LEFT, TOP, inner_width, inner_height);
}

static void tick_y(FILE *f, double y, const char *format, double value) {
  (void)fprintf(f, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/><text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">",
                LEFT, WIDTH - RIGHT, y, y, LEFT - 5, y + 4);
  (void)fprintf(f, format, value);
  (void)fprintf(f, "</text>\n");
}

void plot_bars(FILE *f, const struct bars *b) {
  double low = log10(b->floor), high = low + 1;
  size_t first = b->count, last = 0;
  for (size_t k = 0; k < b->count; k++) {
    if (b->value[k] < 0) continue;
    first = k < first ? k : first;
    last = k;
    if (isfinite(b->value[k]) && b->value[k] > 0) high = fmax(high, ceil(log10(b->value[k])));
  }
  open_svg(f, b->id, b->title, b->x_title, b->y_title);
  double step = ceil((high - low) / 8);
  for (double e = low; e <= high; e += step) tick_y(f, TOP + inner_height * (high - e) / (high - low), "1e%g", e);
  double slot = first > last ? inner_width : inner_width / (double)(last - first + 1);
  for (size_t k = first; k <= last && k < b->count; k++) {
    char text[32];
    double x = LEFT + slot * (double)(k - first), v = b->value[k];
    if (v >= 0) {
      double part = !isfinite(v) ? 1 : v <= b->floor ? 0.004 : (log10(v) - low) / (high - low);
      (void)fprintf(f, "<rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"><title>", isfinite(v) ? "bar" : "bad",
                    x + slot * 0.1, TOP + inner_height * (1 - part), slot * 0.8, inner_height * part);
      (void)fprintf(f, "%s: %.6g</title></rect>\n", b->label(k, text), v);
    }
    if ((k - first) % b->every == 0)
      (void)fprintf(f, "<text class=\"tick\" x=\"%.2f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x + slot / 2, HEIGHT - BOTTOM + 15,
                    b->label(k, text));
  }
  frame(f);
}

void plot_curve(FILE *f, const struct curve *c) {
  double x0 = c->x[0], x1 = c->x[c->count - 1], y0 = INFINITY, y1 = -INFINITY;
  for (size_t k = 0; k < c->count; k++) {
    y0 = fmin(y0, c->y[k]);
    y1 = fmax(y1, c->y[k]);
  }
  if (y1 <= y0) y1 = y0 + 1;
  open_svg(f, c->id, c->title, c->x_title, c->y_title);
  for (int k = 0; k <= 4; k++) {
    double x = x0 + (x1 - x0) * k / 4, at = LEFT + inner_width * k / 4;
    tick_y(f, TOP + inner_height * (4 - k) / 4, "%.4g", y0 + (y1 - y0) * k / 4);
    (void)fprintf(f, "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.4g</text>\n", at, HEIGHT - BOTTOM + 15, x);
  }
  for (size_t k = 0; k < c->marks; k++) {
    double at = LEFT + inner_width * (c->mark[k] - x0) / (x1 - x0);
    if (at >= LEFT && at <= WIDTH - RIGHT)
      (void)fprintf(f, "<line class=\"mark\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>\n", at, at, TOP, HEIGHT - BOTTOM);
  }
  (void)fprintf(f, "<polyline class=\"curve\" points=\"");
  for (size_t k = 0; k < c->count; k++)
    (void)fprintf(f, "%.2f,%.2f ", LEFT + inner_width * (c->x[k] - x0) / (x1 - x0), TOP + inner_height * (y1 - c->y[k]) / (y1 - y0));
  (void)fprintf(f, "\"/>\n");
  frame(f);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Plots as inline SVG. */
#ifndef AUDIT_PLOT_H
#define AUDIT_PLOT_H

#include <stddef.h>
#include <stdio.h>

/* Bars over whole-numbered bins; value < 0: no bar; infinite: a red bar of full
   height. The vertical axis is logarithmic from `floor` up. */
struct bars {
  const char *id, *title, *x_title, *y_title;
  const double *value;
  size_t count;
  const char *(*label)(size_t bin, char text[32]); /* under every `every`-th bar */
  size_t every;
  double floor;
};
void plot_bars(FILE *f, const struct bars *bars);

/* A curve through (x, y) with dashed vertical marks. */
struct curve {
  const char *id, *title, *x_title, *y_title;
  const double *x, *y;
  size_t count;
  const double *mark;
  size_t marks;
};
void plot_curve(FILE *f, const struct curve *curve);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of backward cases. */
#include <math.h>

#include "suite.h"

static struct audit_case *add(struct suite *s, size_t g, const struct model *m, size_t rows, size_t cols,
                              struct recipe logits, struct recipe upstream) {
  struct audit_case *c = suite_case(s, g, WIRE_BACKWARD, m, rows, cols);
  case_fill(c, logits);
  case_fill_upstream(c, upstream);
  return c;
}

void suite_add_gradient(struct suite *suite, const struct model *model) {
  size_t g = suite_group(suite, "gradient", FLAG_REPEAT | FLAG_BATCH, "Backward on normal logits and upstream gradients.");
  static const size_t lengths[] = {1, 2, 3, 8, 17, 64, 129, 577};
  for (unsigned k = 0; k < 8; k++)
    (void)add(suite, g, model, 1, lengths[k], (struct recipe){RECIPE_NORMAL, 3000 + k, 0, 2},
              (struct recipe){RECIPE_NORMAL, 3100 + k, 0, 1});
  (void)add(suite, g, model, 6, 50, (struct recipe){RECIPE_NORMAL, 3020, 0, 2}, (struct recipe){RECIPE_NORMAL, 3120, 0, 1});
  g = suite_group(suite, "gradient-cancellation", 0,
                  "Upstream gradients nearly equal, or with a large common part: what is left after the mean is small, and "
                  "is all that matters.");
  for (unsigned k = 0; k < 4; k++) {
    (void)add(suite, g, model, 1, 40, (struct recipe){RECIPE_NORMAL, 3200 + k, 0, 2},
              (struct recipe){RECIPE_UNIFORM, 3210 + k, 1000, 1000 + pow(2, -(double)k)});
    (void)add(suite, g, model, 1, 33, (struct recipe){RECIPE_NORMAL, 3220 + k, 0, 1}, (struct recipe){RECIPE_CONSTANT, 0, 3.5, 0});
  }
  g = suite_group(suite, "gradient-sizes", 0, "Upstream gradients from 1e-20 to 1e20, and peaked rows.");
  for (int e = -20; e <= 20; e += 10)
    (void)add(suite, g, model, 1, 21, (struct recipe){RECIPE_NORMAL, (uint64_t)(3300 + e), 0, 2},
              (struct recipe){RECIPE_NORMAL, (uint64_t)(3350 + e), 0, pow(10, e)});
  for (unsigned k = 0; k < 4; k++)
    (void)add(suite, g, model, 1, 30, (struct recipe){RECIPE_PEAK, 3400 + k, 6.0 + 4 * k, 11},
              (struct recipe){RECIPE_NORMAL, 3410 + k, 0, 1});
  g = suite_group(suite, "gradient-masked", FLAG_REPEAT,
                  "Masked entries get no gradient and give none, whatever their logit and upstream gradient hold.");
  for (unsigned k = 0; k < 4; k++) {
    struct audit_case *c = add(suite, g, model, 1 + k % 2, 20, (struct recipe){RECIPE_NORMAL, 3500 + 2 * k, 0, 2},
                               (struct recipe){RECIPE_NORMAL, 3510 + 2 * k, 0, 1});
    case_mask(c);
    for (size_t j = 0; j < c->rows * c->cols; j++) c->mask[j] = j % (2 + k) == 1;
  }
}

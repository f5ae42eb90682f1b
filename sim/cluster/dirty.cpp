#include "sim/cluster/dirty.hpp"

#include <algorithm>

namespace hvlab::cluster {

double decay(double x) {
  if (x > 50) return 0;
  // e^-x = (e^-(x / 2^k))^(2^k), with x / 2^k below 1/64, where seven terms give all digits of a double.
  unsigned halvings = 0;
  for (; x > 1.0 / 64; x /= 2) ++halvings;
  double term = 1, sum = 1;
  for (int i = 1; i <= 7; ++i) sum += term *= -x / i;
  for (; halvings > 0; --halvings) sum *= sum;
  return sum;
}

u64 pages_written(const DirtyProcess& process, Nanoseconds span, u32 speed) {
  double pages = 0;
  for (const DirtyClass& part : process.classes) {
    if (part.pages == 0) continue;
    const double writes = part.writes * seconds(span) * speed / 1000;
    pages += part.pages * (1 - decay(writes / part.pages));
  }
  return static_cast<u64>(std::max(pages + 0.5, 0.0));
}

}  // namespace hvlab::cluster

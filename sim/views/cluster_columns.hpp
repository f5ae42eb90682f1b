// Columns of equal width over a span, to which stretches are added up in which something is constant.
#pragma once

#include <algorithm>

#include "sim/record/cluster_trace.hpp"

namespace hvlab::views {

struct ClusterColumns {
  record::ClusterTime from, until;
  u32 count;

  double width() const { return static_cast<double>(until - from) / count; }
  /// Calls add(column, share of the column) for what of [begins, ends) is in sight.
  template <class Add>
  void spread(record::ClusterTime begins, record::ClusterTime ends, const Add& add) const {
    const record::ClusterTime begin = std::max(begins, from), end = std::min(ends, until);
    if (begin >= end) return;
    const double first = static_cast<double>(begin - from) / width(),
                 last = static_cast<double>(end - from) / width();
    for (u32 column = static_cast<u32>(first); column < count && column < last; ++column)
      add(column, std::min(last, column + 1.0) - std::max(first, static_cast<double>(column)));
  }
};

}  // namespace hvlab::views

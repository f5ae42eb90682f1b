// What views keep of each open run from frame to frame: pictures, sums, work in the background.
#pragma once

#include <map>
#include <memory>
#include <typeindex>
#include <utility>

#include "sim/views/run_set.hpp"

namespace hvlab::visualizer {

/// It goes with its runs, and before the window does: textures are freed while there is a context, and no
/// thread reads on for a run that nobody looks at.
class Kept {
 public:
  /// The run's T, made the first time that it is asked for. What of it is of an older generation() of the run
  /// is for the view to make anew.
  template <class T>
  T& of(const views::OpenRun& run) {
    std::shared_ptr<void>& kept = all_[{std::type_index(typeid(T)), &run}];
    if (!kept) kept = std::make_shared<T>();
    return *static_cast<T*>(kept.get());
  }

  void clear() { all_.clear(); }

 private:
  std::map<std::pair<std::type_index, const views::OpenRun*>, std::shared_ptr<void>> all_;
};

}  // namespace hvlab::visualizer

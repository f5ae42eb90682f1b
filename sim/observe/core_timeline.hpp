// What each processor did when, and which thread woke which: enough to follow a chain of causes back in time.
#pragma once

#include <map>
#include <vector>

#include "sim/observe/io_request.hpp"

namespace hvlab::observe {

/// A moment on a processor: its marks before `index` lie before it, also those of the same time.
struct Moment {
  Picoseconds time = 0;
  size_t index = 0;
  u8 core = 0;
};

class CoreTimeline {
 public:
  /// From `time` on processor `core` is at `where`, in virtual machine `system` if that is a guest. Times of
  /// a processor never decrease: an earlier one counts as the last.
  void mark(u8 core, Picoseconds time, IoWhere where, unsigned system = 0);
  /// From `time` on processor `core` runs `thread` of the machine's own system, there.
  void run(u8 core, Picoseconds time, u64 thread, IoWhere where);
  /// The processor's current thread makes `thread` ready.
  void wake(u8 core, Picoseconds time, u64 thread);

  Moment now(u8 core, Picoseconds time) const { return {time, marks(core).size(), core}; }
  u64 thread(u8 core) const { return core < cores_.size() ? cores_[core].thread : 0; }
  void set_thread(u8 core, u64 thread);

  /// The chain of causes from `from` to what happens at `to`, as pieces that cover that time: back along the
  /// thread that runs at `to`, from where it was woken along the thread that woke it, and so on. A thread
  /// that was set aside and taken up again without having slept follows what its processor did meanwhile.
  /// `system`: the request's own. Appends, oldest first, with `stage`.
  void path(Picoseconds from, const Moment& to, IoStage stage, unsigned system,
            std::vector<IoPiece>& pieces) const;

  /// The same without causes: what processor `to.core` did.
  void activity(Picoseconds from, const Moment& to, IoStage stage, unsigned system,
                std::vector<IoPiece>& pieces) const;

  /// Nobody will ask about times before now.
  void forget();
  size_t size() const;

 private:
  struct Mark {
    Picoseconds time = 0;
    Moment woken;  // of the thread that begins to run here
    IoWhere where = IoWhere::Unknown;
    bool was_woken = false;
    u16 system = 0;
  };
  struct Core {
    std::vector<Mark> marks;
    size_t forgotten = 0;  // marks that were there before
    u64 thread = 0;
  };
  struct View {  // marks with their numbers
    const Core* core;
    size_t size() const { return core == nullptr ? 0 : core->forgotten + core->marks.size(); }
    bool holds(size_t index) const { return index > core->forgotten && index <= size(); }
    const Mark& before(size_t index) const { return core->marks[index - 1 - core->forgotten]; }
  };
  View marks(u8 core) const { return {core < cores_.size() ? &cores_[core] : nullptr}; }
  Core& core(u8 index);
  void follow(Picoseconds from, Moment at, bool causes, IoStage stage, unsigned system,
              std::vector<IoPiece>& pieces) const;

  std::vector<Core> cores_;
  std::map<u64, Moment> woken_;  // threads that are ready and do not run
};

}  // namespace hvlab::observe

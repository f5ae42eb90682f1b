// Threads of a Linux followed by the moments at which its kernel changes over and wakes.
#include "sim/observe/linux_threads.hpp"

#include <catch2/catch.hpp>

#include "sample_linux.hpp"

using namespace hvlab;
using namespace hvlab::observe;
using sample::kBase, sample::kSlide;

namespace {

// include/linux/sched.h, typed anew.
constexpr u32 kRuns = 0, kInterruptible = 1, kUninterruptible = 2, kStopped = 4, kDead = 0x80, kIdle = 0x402;
// Where sample::linux_image() has its functions.
constexpr u64 kWakeUp = kBase + 0x270, kWakeUpNew = kBase + 0x280, kSwitchTo = kBase + 0x290,
              kEntry = kBase + 0x2A0, kCurrent = kBase + 0x2C0;
constexpr u64 kIdleTask = 0xA000, kShell = 0xB000, kServer = 0xC000;
constexpr u64 kArea = 0x100'0000;

/// Tells all that it is told in words.
struct Story final : ThreadWatcher {
  std::string text;
  static constexpr const char* kStates[] = {"running", "ready", "sleeping", "blocked", "stopped", "ended"};

  void thread_named(const ThreadName& t) override {
    text += "[" + std::to_string(t.number) + ": " + t.name + " " + std::to_string(t.tgid) + "/" +
            std::to_string(t.pid) + " in " + std::to_string(t.group) + "] ";
  }
  void group_named(const GroupName& g) override {
    text += "<" + std::to_string(g.number) + (g.container ? ": container " : ": group ") +
            std::to_string(g.id) + " " + g.path + "> ";
  }
  void call_named(u64 number, const std::string& name) override {
    text += std::to_string(number) + "=" + name + " ";
  }
  void thread_changed(const ThreadChange& c) override {
    text += std::to_string(c.number) + ":" + kStates[static_cast<size_t>(c.state)] + "@" +
            std::to_string(c.core) + (c.call == 0 ? "" : " in " + std::to_string(c.call - 1)) + " ";
  }
  void group_changed(unsigned number, u8, Picoseconds, unsigned running) override {
    text += "group" + std::to_string(number) + "=" + std::to_string(running) + " ";
  }
  std::string take() { return std::exchange(text, ""); }
};

struct World {
  sample::Memory memory;
  std::vector<Symbol> symbols;
  std::optional<LinuxRequests> kernel;
  std::optional<LinuxTasks> tasks;
  Story story;
  bool guest = false;
  std::optional<LinuxThreads> threads;

  explicit World(std::string_view without = "") {
    const sample::Image image = sample::linux_image(without, "", symbols);
    kernel = LinuxRequests::from_vmlinux(image, SymbolTable(symbols));
    tasks = LinuxTasks::from_vmlinux(image);
    REQUIRE(kernel);
    REQUIRE(tasks);
    for (size_t i = 0; i < sizeof sample::kBanner; ++i)
      memory.put<u8>(kBase + 0x100 + kSlide + i, static_cast<u8>(sample::kBanner[i]));
    threads.emplace(
        *kernel, *tasks,
        LinuxThreads::Machine{.read = [this](unsigned, u64 address, void* to,
                                             size_t bytes) { return memory.read()(address, to, bytes); },
                              .area = [](unsigned) { return kArea - kCurrent; },
                              .in_guest = [this](unsigned) { return guest; },
                              .call_name = [](u64 number) { return "call" + std::to_string(number); }},
        story);
    task(kIdleTask, 0, 0, "swapper");
    task(kShell, 7, 7, "sh");
    task(kServer, 9, 8, "server");
    memory.put<u64>(kArea, kShell);
  }

  void text(u64 at, const std::string& words) {
    for (size_t i = 0; i <= words.size(); ++i) memory.put<u8>(at + i, static_cast<u8>(words.c_str()[i]));
  }
  void task(u64 at, u32 pid, u32 tgid, const std::string& name) {
    memory.put<u32>(at + 8, pid);
    memory.put<u32>(at + 12, tgid);
    memory.put<u64>(at + 24, 0);
    memory.put<u64>(at + 32, 0);
    text(at + 24, name);
    memory.put<u64>(at + 40, 0);
    memory.put<u64>(at + 48, 0);
    state(at, kRuns, 1);
  }
  void state(u64 at, u32 bits, u32 queued) {
    memory.put<u32>(at + 16, bits);
    memory.put<u32>(at + 20, queued);
  }
  /// A control group: css_set, cgroup, node; its address is that of the css_set.
  void group(u64 at, u64 parent, u64 id, const std::string& name) {
    memory.put<u64>(at + 64, at + 0x100);
    memory.put<u64>(at + 0x100 + 72, at + 0x200);
    memory.put<u64>(at + 0x200 + 8, parent == 0 ? 0 : parent + 0x200);
    memory.put<u64>(at + 0x200 + 16, at + 0x300);
    memory.put<u64>(at + 0x200 + 24, id);
    text(at + 0x300, name);
  }
  /// A pid namespace of that inode number, `level` below the first.
  void space(u64 task, u64 at, u32 level, u32 inode) {
    memory.put<u64>(task + 40, at);
    memory.put<u32>(at + 4, level);
    memory.put<u64>(at + 8 + level * 16 + 8, at + 0x100);
    memory.put<u32>(at + 0x100 + 32 + 8, inode);
  }

  void event(EventKind kind, u64 a, u64 b, u64 rip = 0, u8 core = 0) {
    threads->on_event(
        {.time = 0, .a = a, .b = b, .rip = rip, .kind = kind, .core = core, .device = 0, .sequence = 0});
  }
  void call(u64 number) { event(EventKind::SystemCall, number, kEntry + kSlide); }
  void turn(u64 from, u64 to, u8 core = 0) { event(EventKind::Probe, from, to, kSwitchTo + kSlide, core); }
  void wake(u64 task, u32 from) { event(EventKind::Probe, task, from, kWakeUp + kSlide); }
};

}  // namespace

// Catches a thread that waits taken for one that was set aside, and waits of one kind taken for another.
TEST_CASE("a thread runs, stops for a reason, is woken, ends") {
  World world;
  world.call(7);
  CHECK(world.story.take() == "[0: sh 7/7 in 0] 0:running@0 7=call7 ");
  world.state(kShell, kInterruptible, 0);
  world.turn(kShell, kIdleTask);
  CHECK(world.story.take() == "0:sleeping@0 in 7 ");
  world.wake(kShell, kUninterruptible);  // it does not wait so
  CHECK(world.story.take().empty());
  world.wake(kShell, kInterruptible | kUninterruptible);
  CHECK(world.story.take() == "0:ready@0 in 7 ");
  world.turn(kIdleTask, kShell, 1);
  CHECK(world.story.take() == "0:running@1 in 7 ");
  world.event(EventKind::RingChange, 0, 3, 0, 1);
  world.state(kShell, kInterruptible, 1);  // about to wait, and set aside before that
  world.turn(kShell, kServer, 1);
  CHECK(world.story.take() == "0:ready@1 [1: server 8/9 in 0] 1:running@1 ");
  for (const auto& [bits, word] :
       {std::pair{kUninterruptible, "blocked"}, {kIdle, "sleeping"}, {kStopped, "stopped"}}) {
    world.state(kServer, bits, 0);
    world.turn(kServer, kIdleTask, 1);
    CHECK(world.story.take() == std::string("1:") + word + "@1 ");
    world.turn(kIdleTask, kServer, 1);
    CHECK(world.story.take() == "1:running@1 ");
  }
  world.state(kServer, kDead, 0);
  world.turn(kServer, kIdleTask, 1);
  CHECK(world.story.take() == "1:ended@1 ");
  // Its structure is used again.
  world.task(kServer, 12, 12, "new");
  world.event(EventKind::Probe, kServer, 0, kWakeUpNew + kSlide);
  CHECK(world.story.take() == "[2: new 12/12 in 0] 2:ready@0 ");
}

// Catches a container known by the wrong name, a group whose threads are counted twice, a move that is
// missed.
TEST_CASE("threads belong to control groups, or to the container of their pid namespace") {
  World world;
  world.group(0x10000, 0, 1, "");
  world.group(0x20000, 0x10000, 30, "box");
  world.group(0x30000, 0x20000, 31, "inner");
  world.memory.put<u64>(kShell + 48, u64{0x10000});
  world.memory.put<u64>(kServer + 48, u64{0x30000});
  world.call(1);
  CHECK(world.story.take() == "[0: sh 7/7 in 0] 0:running@0 1=call1 ");
  world.turn(kShell, kServer);
  CHECK(world.story.take() ==
        "0:ready@0 in 1 <1: group 31 /box/inner> [1: server 8/9 in 1] 1:running@0 group1=1 ");
  world.memory.put<u64>(kServer + 48, u64{0x20000});  // moved while it runs
  world.turn(kServer, kShell);
  CHECK(world.story.take() == "1:ready@0 group1=0 0:running@0 in 1 ");
  world.turn(kShell, kServer);
  CHECK(world.story.take() == "0:ready@0 in 1 <2: group 30 /box> [1: server 8/9 in 2] 1:running@0 group2=1 ");

  constexpr u64 kInside = 0xD000;
  world.task(kInside, 20, 20, "inside");
  world.space(kInside, 0x40000, 1, 4026532000);
  world.memory.put<u64>(kInside + 48, u64{0x10000});
  world.turn(kServer, kInside);
  CHECK(world.story.take() ==
        "1:ready@0 group2=0 <3: container 4026532000 > [2: inside 20/20 in 3] 2:running@0 group3=1 ");
  world.turn(kInside, kShell);
  world.memory.put<u64>(kInside + 48, u64{0x30000});
  world.story.take();
  world.turn(kShell, kInside);
  CHECK(world.story.take() ==
        "0:ready@0 in 1 <3: container 4026532000 /box/inner> [2: inside 20/20 in 3] "
        "2:running@0 group3=1 ");
}

// Catches threads of a guest with the same kernel at the same place, and names that exec has changed.
TEST_CASE("guests' threads are not the machine's; exec gives another name") {
  World world;
  world.guest = true;
  world.call(1);
  world.turn(kShell, kServer);
  CHECK(world.story.take().empty());
  world.guest = false;
  world.call(59);
  CHECK(world.story.take() == "[0: sh 7/7 in 0] 0:running@0 59=call59 ");
  world.text(kShell + 24, "workload\t1");
  world.event(EventKind::RingChange, 0, 3);
  CHECK(world.story.take() == "[0: workload?1 7/7 in 0] ");
}

// Catches a kernel without namespaces or control groups that is not followed at all.
TEST_CASE("a kernel may lack groups, but not what threads need") {
  for (const char* without : {"dfl_cgrp", "thread_pid"}) CHECK_NOTHROW(World(without));
  std::vector<Symbol> symbols;
  CHECK_FALSE(LinuxTasks::from_vmlinux(sample::linux_image("on_rq", "", symbols)));
  CHECK_FALSE(LinuxTasks::from_vmlinux(sample::Image{1, 2, 3}));
}

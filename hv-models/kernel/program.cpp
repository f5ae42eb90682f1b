// exec: from a file to a program's first instruction.
#include "hv-models/kernel/elf.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/process.hpp"
#include "hv-models/kernel/scheduler.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/segments.hpp"
#include "sim/arch/msr.hpp"
#include "sim/arch/registers.hpp"

namespace hvlab::kernel {
namespace {

using runtime::kUserEnd;

constexpr u64 kStackSize = 8 << 20;

struct PageBuffer {
  u8* bytes = static_cast<u8*>(allocate_pages());
  ~PageBuffer() { free_pages(bytes); }
};

int read_headers(Node& file, ElfProgram& program) {
  const PageBuffer page;
  if (page.bytes == nullptr) return kNoMemory;
  const i64 got = file.read_at(0, page.bytes, kPageBytes);
  return got < 0 ? static_cast<int>(got) : read_elf(page.bytes, static_cast<size_t>(got), kUserEnd, program);
}

int map_segments(AddressSpace& space, const Ref<Node>& file, const ElfProgram& program) {
  for (unsigned i = 0; i < program.segment_count; ++i) {
    const ElfSegment& s = program.segments[i];
    const i64 result =
        space.map_file(align_down(s.address, kPageBytes), align_up(s.address + s.memory_bytes, kPageBytes),
                       s.access, file, s.address, s.offset, s.file_bytes);
    if (result < 0) return static_cast<int>(result);
  }
  space.set_break(program.end);
  return 0;
}

// What lies on a program's stack at its start (System V ABI, 3.4.1): count, pointers to arguments, to the
// environment's strings, and pairs of numbers about the program.
class StackBuilder {
 public:
  explicit StackBuilder(AddressSpace& space) : space_(space) {}
  /// The strings, top first; returns the address of the first, or 0.
  u64 put(const void* bytes, size_t count) {
    top_ -= count;
    return space_.copy_out(top_, bytes, count) == 0 ? top_ : 0;
  }
  void push(u64 word) {
    if (count_ < kMost) words_[count_++] = word;
  }
  void push_pointers(const Strings& strings, u64 address) {
    for (size_t i = 0; i < strings.length; ++i) {
      if (i == 0 || strings.bytes[i - 1] == 0) push(address + i);
    }
    push(0);
  }
  /// Puts the pushed words below everything, their first at a multiple of 16: the program's RSP, or 0.
  u64 finish() {
    top_ = align_down(top_ - count_ * sizeof(u64), 16);
    return count_ < kMost && space_.copy_out(top_, words_, count_ * sizeof(u64)) == 0 ? top_ : 0;
  }

 private:
  static constexpr size_t kMost = 320;
  AddressSpace& space_;
  u64 top_ = kUserEnd;
  u64 words_[kMost];
  size_t count_ = 0;
};

u64 build_stack(AddressSpace& space, const ElfProgram& program, const Strings& arguments,
                const Strings& environment) {
  // Auxiliary vector: types of the ABI, and Linux's AT_SECURE and AT_RANDOM.
  constexpr u64 kNull = 0, kHeaders = 3, kHeaderBytes = 4, kHeaderCount = 5, kPageSize = 6, kEntry = 9,
                kUser = 11, kEffectiveUser = 12, kGroup = 13, kEffectiveGroup = 14, kSecure = 23,
                kRandom = 25;
  if (space.map(kUserEnd - kStackSize, kStackSize, kRead | kWrite) < 0) return 0;
  StackBuilder stack(space);
  const u64 random[2] = {runtime::read_tsc() * 0x9e37'79b9'7f4a'7c15,
                         runtime::read_tsc() * 0xbf58'476d'1ce4'e5b9};
  const u64 random_at = stack.put(random, sizeof random);
  const u64 environment_at = stack.put(environment.bytes, environment.length);
  const u64 arguments_at = stack.put(arguments.bytes, arguments.length);
  if (random_at == 0 || environment_at == 0 || arguments_at == 0) return 0;
  stack.push(arguments.count);
  stack.push_pointers(arguments, arguments_at);
  stack.push_pointers(environment, environment_at);
  const u64 auxiliary[][2] = {{kHeaders, program.headers},
                              {kHeaderBytes, kElfHeaderBytes},
                              {kHeaderCount, program.header_count},
                              {kPageSize, kPageBytes},
                              {kEntry, program.entry},
                              {kUser, 0},
                              {kEffectiveUser, 0},
                              {kGroup, 0},
                              {kEffectiveGroup, 0},
                              {kSecure, 0},
                              {kRandom, random_at},
                              {kNull, 0}};
  for (const auto& pair : auxiliary) stack.push(pair[0]), stack.push(pair[1]);
  return stack.finish();
}

void set_name(Process& process, const char* path) {
  const char* name = path;
  for (const char* at = path; *at != 0; ++at) {
    if (*at == '/') name = at + 1;
  }
  size_t i = 0;
  for (; i + 1 < sizeof process.name && name[i] != 0; ++i) process.name[i] = name[i];
  process.name[i] = 0;
}

}  // namespace

int execute(const char* path, const Strings& arguments, const Strings& environment,
            runtime::TrapFrame& frame) {
  Process& process = *current_process();
  if (process.threads.front() != nullptr && process.threads.after(*process.threads.front()) != nullptr)
    return kBusy;
  Ref<Node> file;
  int result = find(place_of(process), path, file);
  if (result < 0) return result;
  if (file->kind != NodeKind::File) return kNotPermitted;
  ElfProgram program;
  result = read_headers(*file, program);
  if (result < 0) return result;
  Ref<AddressSpace> space = Ref<AddressSpace>::take(AddressSpace::create(process.container));
  if (!space) return kNoMemory;
  result = map_segments(*space, file, program);
  const u64 stack = result == 0 ? build_stack(*space, program, arguments, environment) : 0;
  if (stack == 0) return result != 0 ? result : int{kTooBig};

  change_space(space);  // from here on the old program is gone
  process.files.close_on_exec();
  process.program = file;
  set_name(process, path);
  Thread& self = current_thread();
  self.fs_base = self.clear_at_end = 0;
  runtime::write_msr(arch::msr::kFsBase, 0);
  frame = {};
  frame.rip = program.entry;
  frame.cs = runtime::kUserCode;
  frame.ss = runtime::kUserData;
  frame.rflags = arch::flag::kFixed1 | arch::flag::kIf;
  frame.rsp = stack;
  return 0;
}

}  // namespace hvlab::kernel

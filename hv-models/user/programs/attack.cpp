// attack: does what no program may, each time in a process of its own, and says what became of it. Status 0
// if each attack was stopped with the signal that is due.
#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"

using namespace user;

namespace {

constexpr unsigned long kKernel = 0xffffffff80100000, kDirectMap = 0xffff800000100000;
volatile unsigned char sink;

template <typename T>
volatile T* at(unsigned long address) {
  asm volatile("" : "+r"(address));  // the compiler knows that such an address holds nothing
  return reinterpret_cast<volatile T*>(address);
}

void read_kernel() { sink = *at<unsigned char>(kKernel); }
void write_kernel() { *at<unsigned char>(kDirectMap) = 1; }
void run_kernel() { reinterpret_cast<void (*)()>(kKernel)(); }
void read_null() { sink = *at<unsigned char>(8); }
void read_hole() { sink = *at<unsigned char>(0x0001'0000'0000'0000); }
void write_code() { *reinterpret_cast<volatile unsigned char*>(&read_null) = 0xc3; }
void run_data() {
  static unsigned char code[] = {0xc3};
  reinterpret_cast<void (*)()>(code)();
}
void stop_interrupts() { asm volatile("cli"); }
void halt() { asm volatile("hlt"); }
void load_tables() {
  const char zero[10] = {};
  asm volatile("lidt %0" ::"m"(zero));
}
void write_page_root() { asm volatile("mov %0, %%cr3" ::"r"(0L)); }
void write_port() { asm volatile("outb %b0, %w1" ::"a"(0), "d"(0x604)); }
void read_msr() { asm volatile("rdmsr" ::"c"(0xc0000080) : "eax", "edx"); }
void invalid() { asm volatile("ud2"); }
void divide() {
  asm volatile("xor %%edx, %%edx; xor %%ecx, %%ecx; mov $1, %%eax; div %%ecx" ::: "eax", "ecx", "edx");
}
void overflow_stack() {
  for (;;) asm volatile("push %%rax" ::: "memory");
}
void system_call_at_the_end() {  // SYSCALL with a stack pointer that belongs to the kernel
  asm volatile("mov %0, %%rsp; mov $39, %%eax; syscall; push %%rax" ::"r"(kKernel)
               : "rax", "rcx", "r11", "memory");
}
void loop() {
  for (;;) asm volatile("");
}

struct Attack {
  const char* name;
  void (*run)();
  int signal;
};
constexpr Attack kAttacks[] = {
    {"read-kernel", read_kernel, 11},
    {"write-kernel", write_kernel, 11},
    {"run-kernel", run_kernel, 11},
    {"read-null", read_null, 11},
    {"read-hole", read_hole, 11},
    {"write-code", write_code, 11},
    {"run-data", run_data, 11},
    {"cli", stop_interrupts, 11},
    {"hlt", halt, 11},
    {"lidt", load_tables, 11},
    {"mov-cr3", write_page_root, 11},
    {"out", write_port, 11},
    {"rdmsr", read_msr, 11},
    {"ud2", invalid, 4},
    {"divide", divide, 8},
    {"stack", overflow_stack, 11},
    {"kernel-stack", system_call_at_the_end, 11},
    {"loop", loop, 9},
};

bool stopped(const Attack& attack) {
  const long id = fork();
  if (id == 0) {
    attack.run();
    exit(0);
  }
  if (attack.run == loop) {
    sleep_milliseconds(10);
    kill(id, 9);
  }
  int status = 0;
  const bool well = wait(id, &status) == id && status == attack.signal;
  print("attack: %s status %ld %s\n", attack.name, static_cast<long>(status),
        well ? "stopped" : "NOT AS DUE");
  return well;
}

// Calls with pointers into the kernel are refused, not followed.
bool pointers_are_refused() {
  constexpr long kFault = -14;
  const long bad = static_cast<long>(kDirectMap);
  int ends[2];
  if (call(22, to_word(ends)) != 0 || write(ends[1], "x", 1) != 1) return false;
  const long results[] = {
      call(0, ends[0], bad, 1), call(1, 1, bad, 8),
      call(2, bad, 0),          call(22, bad),
      call(59, bad, 0, 0),      call(61, -1, bad) + (fork() == 0 ? (exit(0), 0) : 0),
      call(228, 1, bad),        call(35, bad),
      call(4, bad, bad),        call(79, bad, 100),
      call(202, bad, 0, 0),     call(83, bad),
      call(500, bad, 0),        call(204, 0, 8, bad),
  };
  bool well = true;
  for (unsigned i = 0; i < sizeof results / sizeof results[0]; ++i) {
    if (results[i] == kFault || i == 5) continue;
    print("attack: call %ld with a kernel pointer gave %ld\n", static_cast<long>(i), results[i]);
    well = false;
  }
  return well;
}

// Calls by chance with arguments by chance, in a container that keeps their number of processes small.
bool survives_chance(uint64_t seed, long count) {
  Limits limits;
  limits.processes = 8;
  limits.pages = 1000;
  contain(limits, kOwnNetwork);
  const long id = fork();
  if (id == 0) {
    uint64_t state = seed;
    for (long i = 0; i < count; ++i) {
      long a[6];
      for (long& argument : a) {
        constexpr uint64_t kMasks[] = {0x7, 0xfff, 0x7fffffffffff, ~uint64_t{0}};
        argument = static_cast<long>(next_random(state) & kMasks[next_random(state) % 4]);
      }
      const long number = static_cast<long>(next_random(state) % 320);
      if ((number == 56 || number == 57) && i > 200)
        continue;  // every copy goes on: they would never be done
      if (number == 60 || number == 231 || number == 0 || number == 61 || number == 35 || number == 230 ||
          number == 1 || number == 20 || number == 202 || number == 45)
        continue;  // ends it, waits for ever, or prints
      call(number == 319 ? 500 : number, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
    exit(0);
  }
  int status = 0;
  return wait(id, &status) == id;
}

}  // namespace

int main(int count, char** words) {
  if (count == 3 && strcmp(words[1], "--chance") == 0)
    return survives_chance(static_cast<uint64_t>(parse_number(words[2])), 2000) ? 0 : 1;
  bool well = pointers_are_refused();
  for (const Attack& attack : kAttacks) well = stopped(attack) && well;
  print("attack: %s\n", well ? "all contained" : "NOT CONTAINED");
  return well ? 0 : 1;
}

// A hypervisor of a few hundred bytes, in machine code: it runs one guest that sees the machine's own RAM,
// answers its exits, gives it events of every kind, and changes its pages and its code under it. The number
// of exits so far decides what it does next.
#pragma once

#include "assembler.hpp"
#include "guest_machine.hpp"
#include "random_program.hpp"

namespace hvlab::test {

/// Where one processor's hypervisor keeps its things.
struct HypervisorPlan {
  bool nested = true;  // else shadow paging
  u32 block = kVmcb;
  u32 tables = kNested;  // of the second stage, or the shadow tables: four pages and those of the last level
  u32 asid = 1;
  u32 last_level(u64 address) const { return tables + 0x3000 + static_cast<u32>(address >> 12) * 8; }
};

/// Pages that the hypervisor exchanges under the guest.
inline constexpr u64 kOtherPatch = kPatch + 0x1000, kOtherData = kData + 0x5000,
                     kSwappedData = kData + 0x2000;

class HypervisorCode : public Assembler {
 public:
  explicit HypervisorCode(const HypervisorPlan& plan) : plan_(plan) {
    const Place top = here();
    add({0xB8}, plan_.block);       // mov eax, block
    add({0x0F, 0x01, 0xD8});        // vmrun
    add({0x0F, 0x01, 0xDC, 0x90});  // stgi; nop: an NMI that waits is taken
    add({0x0F, 0x01, 0xDD});        // clgi
    add({0x49, 0xFF, 0xC4});        // inc r12
    store(0x5C, 0);                 // TLB_CONTROL
    load(0x70);                     // EXITCODE
    const Place halted = jump_on(0x78);
    const Place nmi = jump_on(0x61), nested_fault = jump_on(0x400), software = jump_on(0x75);
    const Place fault = jump_on(0x4E), read = jump_on(0x03), write = jump_on(0x13), page = jump_on(0x79);
    const Place advance = here();
    load(0xC8);    // nRIP
    store(0x578);  // RIP
    const Place resume = here();
    give_events(top);
    disturb();
    jump_to(top);

    bind(nmi);
    jump_to(resume);
    bind(software);  // INT n: injected at the same RIP, whose successor nRIP still says
    store(0xA8, 0x8000'0480);
    jump_to(top);
    bind(nested_fault);
    load(0x80);
    page_number();
    add({0x42, 0x80, 0x0C, 0xDD}, plan_.last_level(0)).add({1});  // or byte [r11*8 + ...], 1
    jump_to(resume);
    bind(fault);
    answer_fault(top, resume);
    bind(read);  // mov rax, cr3
    add({0x48, 0xC7, 0x04, 0x25}, plan_.block + 0x5F8).word(kTables);
    jump_to(advance);
    bind(write);
    clear_shadow();
    jump_to(advance);
    bind(page);
    drop_page();
    jump_to(advance);
    bind(halted);
    add({0xF4});
  }

 private:
  void load(u32 field) { add({0x4C, 0x8B, 0x1C, 0x25}, plan_.block + field); }   // mov r11, [field]
  void store(u32 field) { add({0x4C, 0x89, 0x1C, 0x25}, plan_.block + field); }  // mov [field], r11
  void store(u32 field, u64 value) { add({0xC7, 0x04, 0x25}, plan_.block + field).word(value); }
  Place jump_on(u32 code) { return add({0x41, 0x81, 0xFB}, code).jump_if(kEqual); }  // cmp r11d, code
  void page_number() { add({0x49, 0xC1, 0xEB, 12}); }                                // shr r11, 12
  void flush_guest() { store(0x5C, 3); }

  /// What the exit interrupted comes first; else the count of exits chooses.
  void give_events(Place top) {
    load(0x88);               // EXITINTINFO
    add({0x45, 0x85, 0xDB});  // test r11d, r11d
    const Place none = jump_if(kSign ^ 1);
    add({0x41, 0xF7, 0xC3}, 0x400);  // test r11d, 400h: INT n is simply begun again
    jump_to_if(kEqual ^ 1, top);
    store(0xA8);
    jump_to(top);
    bind(none);
    count();
    const Place interrupt = jump_on(3), nmi = jump_on(4), waiting = jump_on(5);
    const Place done = jump();
    bind(interrupt);
    store(0xA8, 0x8000'0080);
    jump_to(top);
    bind(nmi);
    store(0xA8, 0x8000'0202);
    jump_to(top);
    bind(waiting);
    add({0x81, 0x0C, 0x25}, plan_.block + 0x60).word(0x10'0100);  // V_IRQ, V_IGN_TPR
    store(0x64, 0x80);
    jump_to(top);
    bind(done);
  }

  void count() {
    add({0x45, 0x89, 0xE3});        // mov r11d, r12d
    add({0x41, 0x83, 0xE3, 0x07});  // and r11d, 7
  }

  /// Changes the guest's code and pages.
  void disturb() {
    const Place code = jump_on(6), take = jump_on(7), stack = jump_on(2), swap = jump_on(1);
    const Place end = jump();
    bind(code);
    add({0x44, 0x88, 0x24, 0x25}, kPatch + 1);  // mov [patch + 1], r12b
    const Place end2 = jump();
    bind(take);
    add({0x4D, 0x89, 0xE3, 0x49, 0xC1, 0xEB, 0x03, 0x41, 0x83, 0xE3, 0x1F});  // r11 = r12 / 8 % 32
    add({0x42, 0x80, 0x24, 0xDD}, plan_.last_level(kData)).add({0xFE});       // and byte [...], ~1
    const Place flush = jump();
    bind(stack);
    add({0x80, 0x24, 0x25}, plan_.last_level(kStack - 8)).add({0xFE});
    const Place flush2 = jump();
    bind(swap);
    if (plan_.nested) {
      exchange(kPatch, kOtherPatch);
      exchange(kSwappedData, kOtherData);
    }
    bind(flush);
    bind(flush2);
    flush_guest();
    bind(end);
    bind(end2);
  }

  void exchange(u64 a, u64 b) {
    add({0x4C, 0x8B, 0x1C, 0x25}, plan_.last_level(a));  // mov r11, [a]
    add({0x48, 0x8B, 0x2C, 0x25}, plan_.last_level(b));  // mov rbp, [b]
    add({0x48, 0x89, 0x2C, 0x25}, plan_.last_level(a));
    add({0x4C, 0x89, 0x1C, 0x25}, plan_.last_level(b));
  }

  /// Shadow paging: the guest's entry is copied if it is present; else the fault is the guest's.
  void answer_fault(Place top, Place resume) {
    load(0x80);
    page_number();
    add({0x4A, 0x8B, 0x2C, 0xDD}, kTables + 0x3000);  // mov rbp, [r11*8 + guest's table]
    add({0xF7, 0xC5}, 1);                             // test ebp, 1
    const Place absent = jump_if(kEqual);
    add({0x4A, 0x89, 0x2C, 0xDD}, plan_.last_level(0));  // mov [r11*8 + shadow], rbp
    jump_to(resume);
    bind(absent);
    load(0x80);
    store(0x640);  // CR2
    load(0x78);
    add({0x44, 0x89, 0x1C, 0x25}, plan_.block + 0xAC);  // mov [error code], r11d
    store(0xA8, 0x8000'0B0E);
    jump_to(top);
  }

  void clear_shadow() {
    add({0x51, 0x57, 0x31, 0xC0});        // push rcx; push rdi; xor eax, eax
    add({0xBF}, plan_.last_level(0));     // mov edi
    add({0xB9}, 2048);                    // mov ecx
    add({0xF3, 0x48, 0xAB, 0x5F, 0x59});  // rep stosq; pop rdi; pop rcx
    flush_guest();
  }

  void drop_page() {
    load(0x78);
    add({0x4C, 0x89, 0xD8, 0x51});                          // mov rax, r11; push rcx
    add({0xB9}, plan_.asid).add({0x0F, 0x01, 0xDF, 0x59});  // mov ecx, asid; invlpga; pop rcx
    page_number();
    add({0x4A, 0xC7, 0x04, 0xDD}, plan_.last_level(0)).word(0);  // mov qword [r11*8 + shadow], 0
  }

  HypervisorPlan plan_;
};

}  // namespace hvlab::test

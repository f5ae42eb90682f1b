// The kernel's calls on virtual machines (hv-models/kernel/vm_abi.hpp).
#pragma once

#include "hv-models/kernel/vm_abi.hpp"
#include "hv-models/user/library/calls.hpp"

namespace vmm {

inline long vm_make(int file, unsigned number, long memory, const hvlab::kernel::VmWanted& wanted) {
  return user::call(hvlab::kernel::kVmMake, file, number, memory, user::to_word(&wanted));
}
inline long vm_attach(int file, unsigned number, hvlab::kernel::VmAttached& attached) {
  return user::call(hvlab::kernel::kVmAttach, file, number, user::to_word(&attached));
}
inline long vm_start(int file, uint32_t entry, uint32_t start_info) {
  return user::call(hvlab::kernel::kVmStart, file, entry, start_info);
}
inline long vm_run(int file, unsigned processor, hvlab::kernel::VmRun& run) {
  return user::call(hvlab::kernel::kVmRun, file, processor, user::to_word(&run));
}
inline long vm_combine(int file, const hvlab::kernel::VmSends& sends) {
  return user::call(hvlab::kernel::kVmCombine, file, user::to_word(&sends));
}
inline long vm_take_sends(int file, hvlab::devices::Access& last) {
  return user::call(hvlab::kernel::kVmTakeSends, file, user::to_word(&last));
}
inline long vm_share(int file, hvlab::kernel::VmPage* page) {
  return user::call(hvlab::kernel::kVmShare, file, user::to_word(page));
}
inline long vm_keep(int file, const hvlab::kernel::VmKept& registers) {
  return user::call(hvlab::kernel::kVmKeep, file, user::to_word(&registers));
}
inline long vm_listen(int file, int tap, bool always) {
  return user::call(hvlab::kernel::kVmListen, file, tap, always);
}
inline long vm_line(int file, unsigned pin, bool level) {
  return user::call(hvlab::kernel::kVmLine, file, pin, level);
}

}  // namespace vmm

// VMX's instructions (SDM vol. 3, chapter 31), and moves that C++ has no word for.
#pragma once

#include "sim/arch/vmx.hpp"

namespace hvlab::vmx {

/// CF or ZF after a VMX instruction: it has failed (31.2).
inline bool vmxon(u64 region) {
  bool failed;
  asm volatile("vmxon %1" : "=@ccbe"(failed) : "m"(region) : "memory");
  return !failed;
}
inline bool vmclear(u64 region) {
  bool failed;
  asm volatile("vmclear %1" : "=@ccbe"(failed) : "m"(region) : "memory");
  return !failed;
}
inline bool vmptrld(u64 region) {
  bool failed;
  asm volatile("vmptrld %1" : "=@ccbe"(failed) : "m"(region) : "memory");
  return !failed;
}

/// Of the current VMCS. A field that this processor lacks keeps what it has: nothing.
inline u64 read_encoding(u64 encoding) {
  u64 value;
  asm volatile("vmread %1, %0" : "=r"(value) : "r"(encoding) : "cc");
  return value;
}
inline void write_encoding(u64 encoding, u64 value) {
  asm volatile("vmwrite %1, %0" ::"r"(encoding), "r"(value) : "cc", "memory");
}
inline u64 read(arch::vmx::Field f) { return read_encoding(arch::vmx::row_of(f).encoding); }
inline void write(arch::vmx::Field f, u64 value) { write_encoding(arch::vmx::row_of(f).encoding, value); }

struct InvalidationDescriptor {
  u64 first, second;
};
inline void invvpid(u64 type, u64 vpid, u64 linear = 0) {
  const InvalidationDescriptor d = {vpid, linear};
  asm volatile("invvpid %0, %1" ::"m"(d), "r"(type) : "cc", "memory");
}
inline void invept(u64 type, u64 eptp) {
  const InvalidationDescriptor d = {eptp, 0};
  asm volatile("invept %0, %1" ::"m"(d), "r"(type) : "cc", "memory");
}

inline u64 read_cr0() {
  u64 value;
  asm volatile("mov %%cr0, %0" : "=r"(value));
  return value;
}
inline void write_cr2(u64 value) { asm volatile("mov %0, %%cr2" ::"r"(value) : "memory"); }

}  // namespace hvlab::vmx

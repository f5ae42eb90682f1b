// Selectors of the system instructions, for the table.
#pragma once

#include "sim/execute/wrap.hpp"

namespace hvlab::execute {

// system_segment.cpp
Handlers select_mov_segment(const Form&, Op&);
Handlers select_push_segment(const Form&, Op&);
Handlers select_pop_segment(const Form&, Op&);
Handlers select_load_far(const Form&, Op&);  // LDS LES LSS LFS LGS

// system_table.cpp
Handlers select_table_register(const Form&, Op&);    // LGDT LIDT SGDT SIDT
Handlers select_system_segment(const Form&, Op&);    // LLDT LTR SLDT STR
Handlers select_descriptor_query(const Form&, Op&);  // LAR LSL VERR VERW ARPL

// system_control.cpp
Handlers select_mov_to_control(const Form&, Op&);  // MOV to and from CRn
Handlers select_mov_from_control(const Form&, Op&);
Handlers select_mov_to_debug(const Form&, Op&);  // ... DRn
Handlers select_mov_from_debug(const Form&, Op&);
Handlers select_machine_status(const Form&, Op&);  // LMSW SMSW CLTS
Handlers select_xcr(const Form&, Op&);             // XGETBV XSETBV
Handlers select_translation(const Form&, Op&);     // INVLPG INVPCID
Handlers select_base_register(const Form&, Op&);   // RDFSBASE RDGSBASE WRFSBASE WRGSBASE SWAPGS

// system_processor.cpp
Handlers select_msr(const Form&, Op&);      // RDMSR WRMSR
Handlers select_counter(const Form&, Op&);  // RDTSC RDTSCP RDPMC
Handlers select_idle(const Form&, Op&);     // HLT MONITOR MWAIT
Handlers select_cpuid(const Form&, Op&);
Handlers select_random(const Form&, Op&);  // RDRAND RDSEED
Handlers select_cache(const Form&, Op&);   // CLFLUSH INVD WBINVD
Handlers select_hint(const Form&, Op&);    // PREFETCHh, fences, PAUSE: no effect but their time

// system_flags.cpp
Handlers select_interrupt_flag(const Form&, Op&);  // CLI STI
Handlers select_pushf(const Form&, Op&);
Handlers select_popf(const Form&, Op&);
Handlers select_alignment_flag(const Form&, Op&);  // CLAC STAC

// system_transfer.cpp
Handlers select_far_transfer(const Form&, Op&);  // JMP CALL RET, the far forms
Handlers select_interrupt(const Form&, Op&);     // INT INT1 INT3 INTO
Handlers select_iret(const Form&, Op&);          // IRET IRETD IRETQ
Handlers select_fast_call(const Form&, Op&);     // SYSCALL SYSRET SYSENTER SYSEXIT

// system_port.cpp
Handlers select_port(const Form&, Op&);         // IN OUT
Handlers select_port_string(const Form&, Op&);  // INSB .. OUTSD

// system_svm.cpp
Handlers select_svm(const Form&, Op&);  // VMRUN VMLOAD VMSAVE VMMCALL STGI CLGI SKINIT INVLPGA; RSM

// system_vmx.cpp
Handlers select_vmx(const Form&, Op&);  // VMXON to INVVPID

// system_save.cpp
Handlers select_fxsave(const Form&, Op&);  // FXSAVE FXRSTOR and their 64-bit forms
/// XINUSE: the state components that are not in their initial configuration (SDM vol. 1, 13.6).
u64 components_in_use(const Cpu& cpu);
Handlers select_xsave(const Form&, Op&);  // XSAVE* XRSTOR* and their 64-bit forms
Handlers select_mxcsr(const Form&, Op&);  // LDMXCSR STMXCSR

}  // namespace hvlab::execute

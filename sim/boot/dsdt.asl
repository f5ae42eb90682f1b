// The machine as ACPI describes it: an i440FX/PIIX3 board with PIIX4 power management. Compiled by iasl.
DefinitionBlock ("", "DSDT", 2, "HVLAB ", "HVLABPC ", 0x00000001)
{
    // Processors in this machine: set by the table builder, which looks for this name.
    Name (NCPU, 0xFF)

    // PIIX4 sleep types (82371AB data sheet, PMCNTRL): 0 = soft off.
    Name (\_S5, Package (0x04) { 0x00, 0x00, 0x00, 0x00 })

    // 0 = PICs, 1 = IOAPIC. PIRQs reach the same interrupt numbers in both modes.
    Name (PICM, 0x00)
    Method (\_PIC, 1, NotSerialized) { PICM = Arg0 }

    Scope (\_SB)
    {
        Method (CSTA, 1, NotSerialized)
        {
            If (Arg0 < NCPU) { Return (0x0F) }
            Return (0x00)
        }
        Device (C000) { Name (_HID, "ACPI0007") Name (_UID, 0x00) Method (_STA, 0, NotSerialized) { Return (CSTA (0x00)) } }
        Device (C001) { Name (_HID, "ACPI0007") Name (_UID, 0x01) Method (_STA, 0, NotSerialized) { Return (CSTA (0x01)) } }
        Device (C002) { Name (_HID, "ACPI0007") Name (_UID, 0x02) Method (_STA, 0, NotSerialized) { Return (CSTA (0x02)) } }
        Device (C003) { Name (_HID, "ACPI0007") Name (_UID, 0x03) Method (_STA, 0, NotSerialized) { Return (CSTA (0x03)) } }
        Device (C004) { Name (_HID, "ACPI0007") Name (_UID, 0x04) Method (_STA, 0, NotSerialized) { Return (CSTA (0x04)) } }
        Device (C005) { Name (_HID, "ACPI0007") Name (_UID, 0x05) Method (_STA, 0, NotSerialized) { Return (CSTA (0x05)) } }
        Device (C006) { Name (_HID, "ACPI0007") Name (_UID, 0x06) Method (_STA, 0, NotSerialized) { Return (CSTA (0x06)) } }
        Device (C007) { Name (_HID, "ACPI0007") Name (_UID, 0x07) Method (_STA, 0, NotSerialized) { Return (CSTA (0x07)) } }

        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A03"))
            Name (_UID, 0x00)
            Name (_BBN, 0x00)
            Name (_CRS, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0x0000, 0x0000, 0x00FF, 0x0000, 0x0100)
                IO (Decode16, 0x0CF8, 0x0CF8, 0x01, 0x08)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0x0000, 0x0000, 0x0CF7, 0x0000, 0x0CF8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0x0000, 0x0D00, 0xFFFF, 0x0000, 0xF300)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Cacheable, ReadWrite,
                    0x00000000, 0x000A0000, 0x000BFFFF, 0x00000000, 0x00020000)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                    0x00000000, 0xC0000000, 0xFEBFFFFF, 0x00000000, 0x3EC00000)
            })

            // Pin p of slot s is wired to PIRQ (s + p - 1) modulo 4.
            // Written out: a kernel evaluates it once for each device, and a method that builds it would cost it
            // 70 million instructions each time.
            Name (_PRT, Package (0x80)
            {
                Package () { 0x0000FFFF, 0, \_SB.LNKD, 0 }, Package () { 0x0000FFFF, 1, \_SB.LNKA, 0 },
                Package () { 0x0000FFFF, 2, \_SB.LNKB, 0 }, Package () { 0x0000FFFF, 3, \_SB.LNKC, 0 },
                Package () { 0x0001FFFF, 0, \_SB.LNKA, 0 }, Package () { 0x0001FFFF, 1, \_SB.LNKB, 0 },
                Package () { 0x0001FFFF, 2, \_SB.LNKC, 0 }, Package () { 0x0001FFFF, 3, \_SB.LNKD, 0 },
                Package () { 0x0002FFFF, 0, \_SB.LNKB, 0 }, Package () { 0x0002FFFF, 1, \_SB.LNKC, 0 },
                Package () { 0x0002FFFF, 2, \_SB.LNKD, 0 }, Package () { 0x0002FFFF, 3, \_SB.LNKA, 0 },
                Package () { 0x0003FFFF, 0, \_SB.LNKC, 0 }, Package () { 0x0003FFFF, 1, \_SB.LNKD, 0 },
                Package () { 0x0003FFFF, 2, \_SB.LNKA, 0 }, Package () { 0x0003FFFF, 3, \_SB.LNKB, 0 },
                Package () { 0x0004FFFF, 0, \_SB.LNKD, 0 }, Package () { 0x0004FFFF, 1, \_SB.LNKA, 0 },
                Package () { 0x0004FFFF, 2, \_SB.LNKB, 0 }, Package () { 0x0004FFFF, 3, \_SB.LNKC, 0 },
                Package () { 0x0005FFFF, 0, \_SB.LNKA, 0 }, Package () { 0x0005FFFF, 1, \_SB.LNKB, 0 },
                Package () { 0x0005FFFF, 2, \_SB.LNKC, 0 }, Package () { 0x0005FFFF, 3, \_SB.LNKD, 0 },
                Package () { 0x0006FFFF, 0, \_SB.LNKB, 0 }, Package () { 0x0006FFFF, 1, \_SB.LNKC, 0 },
                Package () { 0x0006FFFF, 2, \_SB.LNKD, 0 }, Package () { 0x0006FFFF, 3, \_SB.LNKA, 0 },
                Package () { 0x0007FFFF, 0, \_SB.LNKC, 0 }, Package () { 0x0007FFFF, 1, \_SB.LNKD, 0 },
                Package () { 0x0007FFFF, 2, \_SB.LNKA, 0 }, Package () { 0x0007FFFF, 3, \_SB.LNKB, 0 },
                Package () { 0x0008FFFF, 0, \_SB.LNKD, 0 }, Package () { 0x0008FFFF, 1, \_SB.LNKA, 0 },
                Package () { 0x0008FFFF, 2, \_SB.LNKB, 0 }, Package () { 0x0008FFFF, 3, \_SB.LNKC, 0 },
                Package () { 0x0009FFFF, 0, \_SB.LNKA, 0 }, Package () { 0x0009FFFF, 1, \_SB.LNKB, 0 },
                Package () { 0x0009FFFF, 2, \_SB.LNKC, 0 }, Package () { 0x0009FFFF, 3, \_SB.LNKD, 0 },
                Package () { 0x000AFFFF, 0, \_SB.LNKB, 0 }, Package () { 0x000AFFFF, 1, \_SB.LNKC, 0 },
                Package () { 0x000AFFFF, 2, \_SB.LNKD, 0 }, Package () { 0x000AFFFF, 3, \_SB.LNKA, 0 },
                Package () { 0x000BFFFF, 0, \_SB.LNKC, 0 }, Package () { 0x000BFFFF, 1, \_SB.LNKD, 0 },
                Package () { 0x000BFFFF, 2, \_SB.LNKA, 0 }, Package () { 0x000BFFFF, 3, \_SB.LNKB, 0 },
                Package () { 0x000CFFFF, 0, \_SB.LNKD, 0 }, Package () { 0x000CFFFF, 1, \_SB.LNKA, 0 },
                Package () { 0x000CFFFF, 2, \_SB.LNKB, 0 }, Package () { 0x000CFFFF, 3, \_SB.LNKC, 0 },
                Package () { 0x000DFFFF, 0, \_SB.LNKA, 0 }, Package () { 0x000DFFFF, 1, \_SB.LNKB, 0 },
                Package () { 0x000DFFFF, 2, \_SB.LNKC, 0 }, Package () { 0x000DFFFF, 3, \_SB.LNKD, 0 },
                Package () { 0x000EFFFF, 0, \_SB.LNKB, 0 }, Package () { 0x000EFFFF, 1, \_SB.LNKC, 0 },
                Package () { 0x000EFFFF, 2, \_SB.LNKD, 0 }, Package () { 0x000EFFFF, 3, \_SB.LNKA, 0 },
                Package () { 0x000FFFFF, 0, \_SB.LNKC, 0 }, Package () { 0x000FFFFF, 1, \_SB.LNKD, 0 },
                Package () { 0x000FFFFF, 2, \_SB.LNKA, 0 }, Package () { 0x000FFFFF, 3, \_SB.LNKB, 0 },
                Package () { 0x0010FFFF, 0, \_SB.LNKD, 0 }, Package () { 0x0010FFFF, 1, \_SB.LNKA, 0 },
                Package () { 0x0010FFFF, 2, \_SB.LNKB, 0 }, Package () { 0x0010FFFF, 3, \_SB.LNKC, 0 },
                Package () { 0x0011FFFF, 0, \_SB.LNKA, 0 }, Package () { 0x0011FFFF, 1, \_SB.LNKB, 0 },
                Package () { 0x0011FFFF, 2, \_SB.LNKC, 0 }, Package () { 0x0011FFFF, 3, \_SB.LNKD, 0 },
                Package () { 0x0012FFFF, 0, \_SB.LNKB, 0 }, Package () { 0x0012FFFF, 1, \_SB.LNKC, 0 },
                Package () { 0x0012FFFF, 2, \_SB.LNKD, 0 }, Package () { 0x0012FFFF, 3, \_SB.LNKA, 0 },
                Package () { 0x0013FFFF, 0, \_SB.LNKC, 0 }, Package () { 0x0013FFFF, 1, \_SB.LNKD, 0 },
                Package () { 0x0013FFFF, 2, \_SB.LNKA, 0 }, Package () { 0x0013FFFF, 3, \_SB.LNKB, 0 },
                Package () { 0x0014FFFF, 0, \_SB.LNKD, 0 }, Package () { 0x0014FFFF, 1, \_SB.LNKA, 0 },
                Package () { 0x0014FFFF, 2, \_SB.LNKB, 0 }, Package () { 0x0014FFFF, 3, \_SB.LNKC, 0 },
                Package () { 0x0015FFFF, 0, \_SB.LNKA, 0 }, Package () { 0x0015FFFF, 1, \_SB.LNKB, 0 },
                Package () { 0x0015FFFF, 2, \_SB.LNKC, 0 }, Package () { 0x0015FFFF, 3, \_SB.LNKD, 0 },
                Package () { 0x0016FFFF, 0, \_SB.LNKB, 0 }, Package () { 0x0016FFFF, 1, \_SB.LNKC, 0 },
                Package () { 0x0016FFFF, 2, \_SB.LNKD, 0 }, Package () { 0x0016FFFF, 3, \_SB.LNKA, 0 },
                Package () { 0x0017FFFF, 0, \_SB.LNKC, 0 }, Package () { 0x0017FFFF, 1, \_SB.LNKD, 0 },
                Package () { 0x0017FFFF, 2, \_SB.LNKA, 0 }, Package () { 0x0017FFFF, 3, \_SB.LNKB, 0 },
                Package () { 0x0018FFFF, 0, \_SB.LNKD, 0 }, Package () { 0x0018FFFF, 1, \_SB.LNKA, 0 },
                Package () { 0x0018FFFF, 2, \_SB.LNKB, 0 }, Package () { 0x0018FFFF, 3, \_SB.LNKC, 0 },
                Package () { 0x0019FFFF, 0, \_SB.LNKA, 0 }, Package () { 0x0019FFFF, 1, \_SB.LNKB, 0 },
                Package () { 0x0019FFFF, 2, \_SB.LNKC, 0 }, Package () { 0x0019FFFF, 3, \_SB.LNKD, 0 },
                Package () { 0x001AFFFF, 0, \_SB.LNKB, 0 }, Package () { 0x001AFFFF, 1, \_SB.LNKC, 0 },
                Package () { 0x001AFFFF, 2, \_SB.LNKD, 0 }, Package () { 0x001AFFFF, 3, \_SB.LNKA, 0 },
                Package () { 0x001BFFFF, 0, \_SB.LNKC, 0 }, Package () { 0x001BFFFF, 1, \_SB.LNKD, 0 },
                Package () { 0x001BFFFF, 2, \_SB.LNKA, 0 }, Package () { 0x001BFFFF, 3, \_SB.LNKB, 0 },
                Package () { 0x001CFFFF, 0, \_SB.LNKD, 0 }, Package () { 0x001CFFFF, 1, \_SB.LNKA, 0 },
                Package () { 0x001CFFFF, 2, \_SB.LNKB, 0 }, Package () { 0x001CFFFF, 3, \_SB.LNKC, 0 },
                Package () { 0x001DFFFF, 0, \_SB.LNKA, 0 }, Package () { 0x001DFFFF, 1, \_SB.LNKB, 0 },
                Package () { 0x001DFFFF, 2, \_SB.LNKC, 0 }, Package () { 0x001DFFFF, 3, \_SB.LNKD, 0 },
                Package () { 0x001EFFFF, 0, \_SB.LNKB, 0 }, Package () { 0x001EFFFF, 1, \_SB.LNKC, 0 },
                Package () { 0x001EFFFF, 2, \_SB.LNKD, 0 }, Package () { 0x001EFFFF, 3, \_SB.LNKA, 0 },
                Package () { 0x001FFFFF, 0, \_SB.LNKC, 0 }, Package () { 0x001FFFFF, 1, \_SB.LNKD, 0 },
                Package () { 0x001FFFFF, 2, \_SB.LNKA, 0 }, Package () { 0x001FFFFF, 3, \_SB.LNKB, 0 }
            })

            // Slot 1 function 0: the PIIX3 with its interrupt routing registers (82371SB data sheet, PIRQRC).
            Device (ISA)
            {
                Name (_ADR, 0x00010000)
                OperationRegion (RCRS, PCI_Config, 0x60, 0x04)
                Field (RCRS, ByteAcc, NoLock, Preserve) { RCRA, 8, RCRB, 8, RCRC, 8, RCRD, 8 }

                Device (PIC)
                {
                    Name (_HID, EisaId ("PNP0000"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0020, 0x0020, 0x01, 0x02)
                        IO (Decode16, 0x00A0, 0x00A0, 0x01, 0x02)
                        IO (Decode16, 0x04D0, 0x04D0, 0x01, 0x02)
                        IRQNoFlags () { 2 }
                    })
                }
                Device (TMR)
                {
                    Name (_HID, EisaId ("PNP0100"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0040, 0x0040, 0x01, 0x04)
                        IRQNoFlags () { 0 }
                    })
                }
                Device (SPKR)
                {
                    Name (_HID, EisaId ("PNP0800"))
                    Name (_CRS, ResourceTemplate () { IO (Decode16, 0x0061, 0x0061, 0x01, 0x01) })
                }
                Device (RTC)
                {
                    Name (_HID, EisaId ("PNP0B00"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0070, 0x0070, 0x01, 0x02)
                        IRQNoFlags () { 8 }
                    })
                }
                Device (KBD)
                {
                    Name (_HID, EisaId ("PNP0303"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0060, 0x0060, 0x01, 0x01)
                        IO (Decode16, 0x0064, 0x0064, 0x01, 0x01)
                        IRQNoFlags () { 1 }
                    })
                }
                Device (MOU)
                {
                    Name (_HID, EisaId ("PNP0F13"))
                    Name (_CRS, ResourceTemplate () { IRQNoFlags () { 12 } })
                }
                Device (COM1)
                {
                    Name (_HID, EisaId ("PNP0501"))
                    Name (_UID, 0x01)
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x03F8, 0x03F8, 0x01, 0x08)
                        IRQNoFlags () { 4 }
                    })
                }
                Device (COM2)
                {
                    Name (_HID, EisaId ("PNP0501"))
                    Name (_UID, 0x02)
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x02F8, 0x02F8, 0x01, 0x08)
                        IRQNoFlags () { 3 }
                    })
                }
                // Ports of the board that no driver should claim: APM control, reset control, power management,
                // firmware configuration, debug exit.
                Device (MBRD)
                {
                    Name (_HID, EisaId ("PNP0C02"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x00B2, 0x00B2, 0x01, 0x02)
                        IO (Decode16, 0x00F4, 0x00F4, 0x01, 0x04)
                        IO (Decode16, 0x0510, 0x0510, 0x01, 0x0C)
                        IO (Decode16, 0x0600, 0x0600, 0x01, 0x40)
                    })
                }
            }
        }

        Device (HPET)
        {
            Name (_HID, EisaId ("PNP0103"))
            Name (_UID, 0x00)
            Name (_CRS, ResourceTemplate () { Memory32Fixed (ReadOnly, 0xFED00000, 0x00000400) })
        }

        // What the four PIRQ link devices have in common; Arg0 is a routing register's value.
        Method (LSTA, 1, NotSerialized)
        {
            If (Arg0 & 0x80) { Return (0x09) }
            Return (0x0B)
        }
        Method (LCRS, 1, Serialized)
        {
            Name (BUFF, ResourceTemplate () { Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) { 0 } })
            CreateDWordField (BUFF, 0x05, IRQW)
            If ((Arg0 & 0x80) == 0x00) { IRQW = Arg0 & 0x0F }
            Return (BUFF)
        }
        Device (LNKA)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 0x01)
            Name (_PRS, ResourceTemplate () { Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) { 5, 10, 11 } })
            Method (_STA, 0, NotSerialized) { Return (LSTA (\_SB.PCI0.ISA.RCRA)) }
            Method (_CRS, 0, NotSerialized) { Return (LCRS (\_SB.PCI0.ISA.RCRA)) }
            Method (_DIS, 0, NotSerialized) { \_SB.PCI0.ISA.RCRA = 0x80 }
            Method (_SRS, 1, NotSerialized)
            {
                CreateDWordField (Arg0, 0x05, IRQW)
                \_SB.PCI0.ISA.RCRA = IRQW
            }
        }
        Device (LNKB)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 0x02)
            Name (_PRS, ResourceTemplate () { Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) { 5, 10, 11 } })
            Method (_STA, 0, NotSerialized) { Return (LSTA (\_SB.PCI0.ISA.RCRB)) }
            Method (_CRS, 0, NotSerialized) { Return (LCRS (\_SB.PCI0.ISA.RCRB)) }
            Method (_DIS, 0, NotSerialized) { \_SB.PCI0.ISA.RCRB = 0x80 }
            Method (_SRS, 1, NotSerialized)
            {
                CreateDWordField (Arg0, 0x05, IRQW)
                \_SB.PCI0.ISA.RCRB = IRQW
            }
        }
        Device (LNKC)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 0x03)
            Name (_PRS, ResourceTemplate () { Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) { 5, 10, 11 } })
            Method (_STA, 0, NotSerialized) { Return (LSTA (\_SB.PCI0.ISA.RCRC)) }
            Method (_CRS, 0, NotSerialized) { Return (LCRS (\_SB.PCI0.ISA.RCRC)) }
            Method (_DIS, 0, NotSerialized) { \_SB.PCI0.ISA.RCRC = 0x80 }
            Method (_SRS, 1, NotSerialized)
            {
                CreateDWordField (Arg0, 0x05, IRQW)
                \_SB.PCI0.ISA.RCRC = IRQW
            }
        }
        Device (LNKD)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 0x04)
            Name (_PRS, ResourceTemplate () { Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) { 5, 10, 11 } })
            Method (_STA, 0, NotSerialized) { Return (LSTA (\_SB.PCI0.ISA.RCRD)) }
            Method (_CRS, 0, NotSerialized) { Return (LCRS (\_SB.PCI0.ISA.RCRD)) }
            Method (_DIS, 0, NotSerialized) { \_SB.PCI0.ISA.RCRD = 0x80 }
            Method (_SRS, 1, NotSerialized)
            {
                CreateDWordField (Arg0, 0x05, IRQW)
                \_SB.PCI0.ISA.RCRD = IRQW
            }
        }
    }
}

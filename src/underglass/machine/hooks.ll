; The callbacks that run once a block, once an instruction or once an access. Compiled for the host
; when the first machine is made (native.py), since a Python callback costs a hundred times as much.
; The layouts of the three records are those of native.py.

declare i32 @uc_emu_stop(ptr)
declare i32 @uc_ctl(ptr, i32, ...)
declare i32 @uc_mem_read(ptr, i64, ptr, i64)
declare i32 @uc_reg_read_batch(ptr, ptr, ptr, i32)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

; executed, limit, wants_stop (1: at the next block, 2: now), then 65536 pairs of (address | bytes << 48, instructions)
%Budget = type { i64, i64, i64, [65536 x [2 x i64]] }

; Count the block's instructions. A block that would go past the limit is not entered.
; The number of instructions comes from Unicorn's own translation (UC_CTL_TB_REQUEST_CACHE).
define void @on_block(ptr %uc, i64 %address, i32 %bytes, ptr %budget) {
  %tb = alloca { i64, i16, i16 }
  %index = and i64 %address, 65535
  %keyp = getelementptr %Budget, ptr %budget, i32 0, i32 3, i64 %index, i32 0
  %numberp = getelementptr %Budget, ptr %budget, i32 0, i32 3, i64 %index, i32 1
  %wide = zext i32 %bytes to i64
  %high = shl i64 %wide, 48
  %key = or i64 %address, %high
  %seen = load i64, ptr %keyp
  %known = icmp eq i64 %seen, %key
  br i1 %known, label %count, label %ask
ask:
  %countp = getelementptr { i64, i16, i16 }, ptr %tb, i32 0, i32 1
  store i16 1, ptr %countp
  %e = call i32 (ptr, i32, ...) @uc_ctl(ptr %uc, i32 REQUEST_CACHE, i64 %address, ptr %tb)
  %short = load i16, ptr %countp
  %fresh = zext i16 %short to i64
  store i64 %key, ptr %keyp
  store i64 %fresh, ptr %numberp
  br label %count
count:
  %number = load i64, ptr %numberp
  %before = load i64, ptr %budget
  %after = add i64 %before, %number
  %limitp = getelementptr %Budget, ptr %budget, i32 0, i32 1
  %limit = load i64, ptr %limitp
  %over = icmp ugt i64 %after, %limit
  %wantsp = getelementptr %Budget, ptr %budget, i32 0, i32 2
  %wants = load i64, ptr %wantsp
  %asked = icmp ne i64 %wants, 0
  %stops = or i1 %over, %asked
  br i1 %stops, label %stop, label %go
stop:
  store i64 2, ptr %wantsp
  %r = call i32 @uc_emu_stop(ptr %uc)
  ret void
go:
  store i64 %after, ptr %budget
  ret void
}

; saved, capacity, pages, the budget to stop by, a filter of pages seen
%Saver = type { i64, i64, ptr, ptr, [65536 x i64] }
%Page = type { i64, [4096 x i8] }

; Keep each page as it was before its first write since the snapshot.
define void @on_write(ptr %uc, i32 %kind, i64 %address, i32 %size, i64 %value, ptr %saver) {
  call void @save_page(ptr %uc, i64 %address, ptr %saver)
  %wide = sext i32 %size to i64
  %reach = add i64 %wide, -1
  %last = add i64 %address, %reach
  %a = xor i64 %address, %last
  %cross = icmp ugt i64 %a, 4095
  br i1 %cross, label %second, label %done
second:
  call void @save_page(ptr %uc, i64 %last, ptr %saver)
  br label %done
done:
  ret void
}

define void @save_page(ptr %uc, i64 %address, ptr %saver) {
  %page = and i64 %address, -4096
  %number = lshr i64 %address, 12
  %index = and i64 %number, 65535
  %seenp = getelementptr %Saver, ptr %saver, i32 0, i32 4, i64 %index
  %seen = load i64, ptr %seenp
  %known = icmp eq i64 %seen, %page
  br i1 %known, label %done, label %save
save:
  %n = load i64, ptr %saver
  %capacityp = getelementptr %Saver, ptr %saver, i32 0, i32 1
  %capacity = load i64, ptr %capacityp
  %full = icmp uge i64 %n, %capacity
  br i1 %full, label %done, label %room
room:
  %pagesp = getelementptr %Saver, ptr %saver, i32 0, i32 2
  %pages = load ptr, ptr %pagesp
  %entry = getelementptr %Page, ptr %pages, i64 %n
  store i64 %page, ptr %entry
  %bytes = getelementptr %Page, ptr %entry, i32 0, i32 1
  %e = call i32 @uc_mem_read(ptr %uc, i64 %page, ptr %bytes, i64 4096)
  store i64 %page, ptr %seenp
  %n1 = add i64 %n, 1
  store i64 %n1, ptr %saver
  %left = sub i64 %capacity, %n1
  %scarce = icmp ult i64 %left, 512
  br i1 %scarce, label %ask, label %done
ask:
  %budgetp = getelementptr %Saver, ptr %saver, i32 0, i32 3
  %budget = load ptr, ptr %budgetp
  %wantsp = getelementptr %Budget, ptr %budget, i32 0, i32 2
  store i64 1, ptr %wantsp
  br label %done
done:
  ret void
}

; steps, capacity, rows, bytes of a row, register ids, pointers into `scratch`, registers, scratch,
; accesses, capacity, rows, the budget to stop by
%Recorder = type { i64, i64, ptr, i64, ptr, ptr, i64, ptr, i64, i64, ptr, ptr }
%Access = type { i32, i8, i8, i16, i64, i64 }

; One row of registers before each instruction. Asks for a stop at the next block when room runs
; short: the longest block has 512 instructions (QEMU, TCG_MAX_INSNS).
define void @on_step(ptr %uc, i64 %address, i32 %bytes, ptr %r) {
  %n = load i64, ptr %r
  %capacityp = getelementptr %Recorder, ptr %r, i32 0, i32 1
  %capacity = load i64, ptr %capacityp
  %accessesp = getelementptr %Recorder, ptr %r, i32 0, i32 8
  %accesses = load i64, ptr %accessesp
  %roomp = getelementptr %Recorder, ptr %r, i32 0, i32 9
  %room = load i64, ptr %roomp
  %budgetp = getelementptr %Recorder, ptr %r, i32 0, i32 11
  %budget = load ptr, ptr %budgetp
  %wantsp = getelementptr %Budget, ptr %budget, i32 0, i32 2
  %wants = load i64, ptr %wantsp
  %stopping = icmp eq i64 %wants, 2
  %full = icmp uge i64 %n, %capacity
  %skips = or i1 %stopping, %full
  br i1 %skips, label %skip, label %look
skip:
  ret void
look:
  %n512 = add i64 %n, 600
  %a4096 = add i64 %accesses, 5000
  %scarce = icmp uge i64 %n512, %capacity
  %short = icmp uge i64 %a4096, %room
  %asks = or i1 %scarce, %short
  br i1 %asks, label %ask, label %record
ask:
  store i64 1, ptr %wantsp
  br label %record
record:
  %idsp = getelementptr %Recorder, ptr %r, i32 0, i32 4
  %ids = load ptr, ptr %idsp
  %pointersp = getelementptr %Recorder, ptr %r, i32 0, i32 5
  %pointers = load ptr, ptr %pointersp
  %numberp = getelementptr %Recorder, ptr %r, i32 0, i32 6
  %number64 = load i64, ptr %numberp
  %number = trunc i64 %number64 to i32
  %e = call i32 @uc_reg_read_batch(ptr %uc, ptr %ids, ptr %pointers, i32 %number)
  %rowsp = getelementptr %Recorder, ptr %r, i32 0, i32 2
  %rows = load ptr, ptr %rowsp
  %widthp = getelementptr %Recorder, ptr %r, i32 0, i32 3
  %width = load i64, ptr %widthp
  %offset = mul i64 %n, %width
  %row = getelementptr i8, ptr %rows, i64 %offset
  %scratchp = getelementptr %Recorder, ptr %r, i32 0, i32 7
  %scratch = load ptr, ptr %scratchp
  call void @llvm.memcpy.p0.p0.i64(ptr %row, ptr %scratch, i64 %width, i1 false)
  %n1 = add i64 %n, 1
  store i64 %n1, ptr %r
  ret void
}

; One row for each load (kind 16, UC_MEM_READ) and store (kind 17, UC_MEM_WRITE).
define void @on_access(ptr %uc, i32 %kind, i64 %address, i32 %size, i64 %value, ptr %r) {
  %accessesp = getelementptr %Recorder, ptr %r, i32 0, i32 8
  %n = load i64, ptr %accessesp
  %roomp = getelementptr %Recorder, ptr %r, i32 0, i32 9
  %room = load i64, ptr %roomp
  %full = icmp uge i64 %n, %room
  br i1 %full, label %done, label %record
record:
  %steps = load i64, ptr %r
  %step64 = add i64 %steps, -1
  %step = trunc i64 %step64 to i32
  %rowsp = getelementptr %Recorder, ptr %r, i32 0, i32 10
  %rows = load ptr, ptr %rowsp
  %row = getelementptr %Access, ptr %rows, i64 %n
  store i32 %step, ptr %row
  %is = icmp eq i32 %kind, 17
  %writes = zext i1 %is to i8
  %kindp = getelementptr %Access, ptr %row, i32 0, i32 1
  store i8 %writes, ptr %kindp
  %size8 = trunc i32 %size to i8
  %sizep = getelementptr %Access, ptr %row, i32 0, i32 2
  store i8 %size8, ptr %sizep
  %addressp = getelementptr %Access, ptr %row, i32 0, i32 4
  store i64 %address, ptr %addressp
  %valuep = getelementptr %Access, ptr %row, i32 0, i32 5
  store i64 %value, ptr %valuep
  %n1 = add i64 %n, 1
  store i64 %n1, ptr %accessesp
  br label %done
done:
  ret void
}

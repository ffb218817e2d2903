module multiply #(parameter BITS = 8) (
    input signed [BITS-1:0] a,
    input signed [BITS-1:0] b,
    output signed [2*BITS-1:0] product
);
  assign product = a * b;
endmodule

module multiply_add #(parameter BITS = 8, SUM = 32) (
    input signed [BITS-1:0] a,
    input signed [BITS-1:0] b,
    input signed [SUM-1:0] sum,
    output signed [SUM-1:0] next
);
  assign next = sum + a * b;
endmodule

module multiply_accumulate #(parameter BITS = 8, SUM = 32) (
    input clock,
    input signed [BITS-1:0] a,
    input signed [BITS-1:0] b,
    output reg signed [SUM-1:0] sum
);
  always @(posedge clock) sum <= sum + a * b;
endmodule

module add #(parameter BITS = 32) (
    input [BITS-1:0] a,
    input [BITS-1:0] b,
    output [BITS-1:0] sum
);
  assign sum = a + b;
endmodule

module hold #(parameter BITS = 32) (
    input clock,
    input [BITS-1:0] next,
    output reg [BITS-1:0] held
);
  always @(posedge clock) held <= next;
endmodule

// Normal numbers only: no zeros, subnormals, infinities or NaNs. The product is exact but for its exponent's range;
// rounding, which real units have, is left out.
module multiply_float #(parameter EXPONENT = 5, FRACTION = 10) (
    input [EXPONENT+FRACTION:0] a,
    input [EXPONENT+FRACTION:0] b,
    output [EXPONENT+2*FRACTION+3:0] product
);
  localparam BIAS = (1 << (EXPONENT - 1)) - 1;
  wire [2*FRACTION+1:0] raw = {1'b1, a[FRACTION-1:0]} * {1'b1, b[FRACTION-1:0]};
  wire carry = raw[2*FRACTION+1];
  wire [EXPONENT+1:0] exponent = a[FRACTION +: EXPONENT] + b[FRACTION +: EXPONENT] - BIAS + carry;
  wire [2*FRACTION:0] fraction = carry ? raw[2*FRACTION:0] : {raw[2*FRACTION-1:0], 1'b0};
  assign product = {a[EXPONENT+FRACTION] ^ b[EXPONENT+FRACTION], exponent, fraction};
endmodule

// Normal fp32 numbers, truncated: align, add or subtract, count leading zeros, shift back.
module add_float (
    input [31:0] a,
    input [31:0] b,
    output [31:0] sum
);
  wire swap = a[30:0] < b[30:0];
  wire [31:0] large = swap ? b : a;
  wire [31:0] small_ = swap ? a : b;
  wire [7:0] apart = large[30:23] - small_[30:23];
  wire [26:0] aligned = {1'b1, small_[22:0], 3'b0} >> apart;
  wire [27:0] total = large[31] ^ small_[31] ? {1'b1, large[22:0], 3'b0} - aligned : {1'b1, large[22:0], 3'b0} + aligned;
  reg [4:0] zeros;
  integer i;
  always @* begin
    zeros = 0;
    for (i = 0; i < 28; i = i + 1) if (total[i]) zeros = 27 - i;
  end
  wire [27:0] shifted = total << zeros;
  wire [7:0] exponent = large[30:23] + 1 - zeros;
  assign sum = {large[31], exponent, shifted[26:4]};
endmodule

// The operand mux of one lane: the candidate that a field names. Two ways to write the same; synthesis of the
// first builds a tree of two-input muxes, of the second a decoder and an and-or.
module select_tree #(parameter FAN_IN = 4, BITS = 16, FIELD = 2) (
    input [FAN_IN*BITS-1:0] candidates,
    input [FIELD-1:0] field,
    output [BITS-1:0] selected
);
  assign selected = candidates[field*BITS +: BITS];
endmodule

module select_array #(parameter FAN_IN = 4, BITS = 16, FIELD = 2) (
    input [FAN_IN*BITS-1:0] candidates,
    input [FIELD-1:0] field,
    output [BITS-1:0] selected
);
  wire [BITS-1:0] each [0:FAN_IN-1];
  genvar i;
  generate
    for (i = 0; i < FAN_IN; i = i + 1) begin : split
      assign each[i] = candidates[i*BITS +: BITS];
    end
  endgenerate
  assign selected = each[field];
endmodule

// From a group's metadata to a select field for each kept value. Metadata that do not occur may give any field.

// From a mask with a bit for each value, KEPT of them set. Kept value i lies at one of the places i to GROUP - KEPT + i,
// namely where i of the bits below are set.
module decode_bitmask #(parameter KEPT = 2, GROUP = 4, FIELD = 2) (
    input [GROUP-1:0] mask,
    output reg [KEPT*FIELD-1:0] fields
);
  integer place, kept, before, below;
  always @* begin
    fields = 0;
    for (kept = 0; kept < KEPT; kept = kept + 1)
      for (place = kept; place <= GROUP - KEPT + kept; place = place + 1) begin
        before = 0;
        for (below = 0; below < place; below = below + 1) before = before + mask[below];
        if (mask[place] && before == kept)
          fields[kept*FIELD +: FIELD] = fields[kept*FIELD +: FIELD] | place;
      end
  end
endmodule

// From the number of the group's mask among those with KEPT bits, in their order as numbers: a table.
module decode_combinatorial #(parameter KEPT = 2, GROUP = 4, FIELD = 2, RANK = 3) (
    input [RANK-1:0] rank,
    output reg [KEPT*FIELD-1:0] fields
);
  integer mask, place, kept, number;
  reg [KEPT*FIELD-1:0] entry;
  always @* begin
    fields = {KEPT*FIELD{1'bx}};
    number = 0;
    for (mask = 0; mask < (1 << GROUP); mask = mask + 1) begin
      entry = 0;
      kept = 0;
      for (place = 0; place < GROUP; place = place + 1)
        if ((mask >> place) & 1) begin
          if (kept < KEPT) entry[kept*FIELD +: FIELD] = place;
          kept = kept + 1;
        end
      if (kept == KEPT) begin
        if (rank == number) fields = entry;
        number = number + 1;
      end
    end
  end
endmodule

// A coordinate is a select field: nothing is decoded. Muxes that are and-ors want a wire for each candidate.
module one_hot #(parameter FIELD = 2) (
    input [FIELD-1:0] field,
    output [(1<<FIELD)-1:0] wires
);
  assign wires = 1 << field;
endmodule

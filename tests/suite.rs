mod ear;

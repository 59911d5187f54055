// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// A token as most are: what the figures of transfers move.
contract Token is ERC20 {
    constructor() ERC20("Token", "TOK") {}
}

/// Pays to one account after another.
contract Payer {
    function pay(IERC20 token, uint256 count) external {
        for (uint256 i = 0; i < count; i++) {
            token.transfer(address(uint160(0x10000 + (i % 500))), 1);
        }
    }
}

/// Loops, each of one kind of work.
contract Work {
    mapping(uint256 key => uint256) private values;

    /// Words of 256 bits: products, shifts, exclusive ors.
    function arith(uint256 count) external pure returns (uint256 state) {
        unchecked {
            state = 0x9e3779b97f4a7c15f39cc0605cedc8341082276bf3a27251f86c6a11d0c18e95;
            for (uint256 i = 0; i < count; i++) {
                state = (state * 0x5851f42d4c957f2d14057b7ef767814f + i) ^ (state >> 29);
            }
        }
    }

    /// Numbers below 2^64, with remainders.
    function small(uint256 count) external pure returns (uint256 state) {
        unchecked {
            state = 1;
            for (uint256 i = 0; i < count; i++) state = (state * 16807 + i) % 2147483647;
        }
    }

    /// A chain of hashes of 64 bytes.
    function hash(uint256 count) external pure returns (bytes32 state) {
        for (uint256 i = 0; i < count; i++) state = keccak256(abi.encode(state, i));
    }

    /// The sieve of Eratosthenes over a word of memory for each number.
    function memory_(uint256 size) external pure returns (uint256 primes) {
        unchecked {
            bool[] memory isComposite = new bool[](size);
            for (uint256 i = 2; i < size; i++) {
                if (isComposite[i]) continue;
                primes++;
                for (uint256 j = i * i; j < size; j += i) isComposite[j] = true;
            }
        }
    }

    /// Slots that were never looked at: each is read and written.
    function storage_(uint256 from, uint256 count) external {
        for (uint256 i = from; i < from + count; i++) values[i] += i + 1;
    }

    /// Calls, each of a frame that does almost nothing.
    function calls(uint256 count) external view returns (uint256 sum) {
        for (uint256 i = 0; i < count; i++) sum += this.one();
    }

    function one() external pure returns (uint256) {
        return 1;
    }
}
